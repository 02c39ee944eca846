// RENAME: a mailbox and what is below it get new names.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.5. A session that has the mailbox selected keeps it under its new name.
    func rename(_ rename: Rename) async throws -> Completion {
        let old = try await resolve(rename.from)
        let new = try await resolve(rename.to)
        try await old.account.renameMailbox(old.name, to: new.name)
        return .ok("RENAME completed.")
    }
}
