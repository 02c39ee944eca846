// LSUB: the names that are subscribed.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.9. With `%`, a name above a subscribed one that is not subscribed itself is told with \Noselect.
    func lsub(_ lsub: Lsub) async throws -> Completion {
        let account = try loggedIn().account
        if lsub.pattern.bytes.isEmpty {
            connection.writer.lsubDelimiter()
            return .ok("LSUB completed.")
        }
        guard let pattern = lsub.compiledPattern(utf8Accepted: enabled.acceptsUTF8) else {
            return .ok("LSUB completed.")
        }
        let subscriptions = try await account.subscriptions()
        let uses = try await account.mailboxes().reduce(into: [MailboxName: SpecialUse]()) { uses, info in
            if let use = info.specialUse { uses[info.name] = use }
        }
        let names = await apart(names: subscriptions.count) { Session.lsubNames(subscriptions, pattern) }
        for (name, isSubscribed) in names {
            // Outlook looks for the special uses here (RFC 6154 does not forbid it).
            let attributes: [MailboxAttribute] =
                isSubscribed ? uses[name].map { [MailboxAttribute($0)] } ?? [] : [.noSelect]
            connection.writer.lsub(name, attributes: attributes)
            try await connection.flushIfLarge()
        }
        return .ok("LSUB completed.")
    }

    /// The names to tell, sorted, and whether each is subscribed itself.
    static func lsubNames(
        _ subscriptions: [MailboxName], _ pattern: MailboxPattern
    ) -> [(name: MailboxName, isSubscribed: Bool)] {
        var names: [MailboxName: Bool] = [:]
        for name in subscriptions {
            if pattern.matches(name) {
                names[name] = true
            } else if let ancestor = name.ancestors.last(where: pattern.matches), names[ancestor] == nil {
                names[ancestor] = false
            }
        }
        return names.map { (name: $0.key, isSubscribed: $0.value) }.sorted { $0.name < $1.name }
    }
}
