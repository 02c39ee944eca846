// CREATE: a mailbox is made, and subscribed.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.3, RFC 6154 §3, RFC 8474 §4.1. What is made is subscribed too: many clients show nothing else, and
    /// a mailbox made on one device would be missing on the others.
    func create(_ create: Create) async throws -> Completion {
        if let refusal = Session.refusal(ofUses: create) { return refusal }
        let name: MailboxName
        switch create.name(utf8Accepted: enabled.acceptsUTF8) {
        case .success(let valid): name = valid
        case .failure(let invalid): return .no("Not a mailbox name: \(invalid.reason).", code: .cannot)
        }
        if name.isInbox { return .no("INBOX exists always.", code: .alreadyExists) }
        let mailbox = try await resolve(name)
        let info =
            mailbox.account.isForeign
            ? try await createShared(mailbox, create)
            : try await mailbox.account.createMailbox(
                mailbox.name, specialUse: create.uses.first, isSubscribed: true)
        try await tellCanonicalName(of: mailbox, written: create.mailbox.withoutDelimiter)
        return .ok("CREATE completed.", code: .mailboxID(ObjectID.mailbox(info.id, of: mailbox.account.id)))
    }

    /// The subscription lies in another file than the mailbox; it comes first, so that nobody is told of the mailbox as
    /// not subscribed (RFC 5465 §5.4).
    private func createShared(_ mailbox: MailboxReference, _ create: Create) async throws -> MailboxInfo {
        let own = try loggedIn().account
        let wasSubscribed = try await own.isSubscribed(mailbox.fullName)
        try await own.subscribe(mailbox.fullName)
        do {
            return try await mailbox.account.createMailbox(mailbox.name, specialUse: create.uses.first)
        } catch {
            if !wasSubscribed { try await own.unsubscribe(mailbox.fullName) }
            throw error
        }
    }

    /// RFC 6154 §3. A mailbox is where messages lie; none shows those of others, as \All and \Flagged would.
    private static func refusal(ofUses create: Create) -> Completion? {
        if create.hasUnknownUse { return .no("There is no such special use.", code: .useAttr) }
        if let virtual = create.uses.first(where: { !$0.isOfMailbox }) {
            return .no("No mailbox can have the special use \(virtual.attribute).", code: .useAttr)
        }
        guard create.uses.count <= 1 else {
            return .no("A mailbox has one special use at most.", code: .useAttr)
        }
        return nil
    }
}
