// RENAME: a mailbox and what is below it get new names.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.3.5. A session that has the mailbox selected keeps it under its new name.
    func rename(_ rename: Rename) async throws -> Completion {
        let old = try await resolve(rename.from)
        let new = try await resolve(rename.to)
        guard old.account.isSameAccess(as: new.account) else {
            guard try await old.account.hasMailbox(old.name) else { throw StoreError.mailboxNotFound(old.name) }
            return .no("A mailbox stays with its owner; copy its messages instead.", code: .cannot)
        }
        try await old.account.renameMailbox(old.name, to: new.name)
        if enabled.isRev2, !old.name.isInbox {
            // RFC 9051 §6.3.6: the client may have written either name in a form that is not the canonical one.
            try await writeList(of: new, oldName: String(decoding: rename.from.bytes, as: UTF8.self))
        }
        return .ok("RENAME completed.")
    }
}
