// STORE and UID STORE.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.6. Without .SILENT every message named is told with its flags; with it, only those whose flags
    /// came out otherwise than the client must expect.
    func store(_ store: IMAPSyntax.Store) async throws -> Completion {
        let selection = try selected()
        let uids = try selection.uids(of: store.messages)
        guard !uids.isEmpty else { return .ok("STORE completed.") }
        let change: FlagChange =
            switch store.operation {
            case .replace: .replace(store.flags)
            case .add: .add(store.flags)
            case .remove: .remove(store.flags)
            }
        let outcome = try await selection.account.storeFlags(uids, in: selection.view.mailboxID, change)
        try await announce(
            CommandTable.announcing(.store(store)), withUIDs: store.messages.isUID,
            own: store.silent ? .silent(uids, change) : .echoed(uids))
        if !outcome.missing.isEmpty, !store.messages.isUID {
            return .ok("STORE completed, but some of the messages no longer exist.", code: .expungeIssued)
        }
        return .ok("STORE completed.")
    }
}

extension Selection {
    /// - Throws: BAD for a sequence number that is no message's.
    func indices(of messages: MessageSelection) throws(Refusal) -> [Range<Int>] {
        guard let indices = mailbox.indices(of: messages) else {
            throw Refusal(.bad("There is no message with that number; the mailbox has \(mailbox.count)."))
        }
        return indices
    }

    func uids(of messages: MessageSelection) throws(Refusal) -> UIDSet { mailbox.uids(at: try indices(of: messages)) }
}
