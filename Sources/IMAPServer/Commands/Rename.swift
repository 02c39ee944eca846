// RENAME: a mailbox and what is below it get new names.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.5. A session that has the mailbox selected keeps it under its new name.
    func rename(_ rename: Rename) async throws -> Completion {
        let account = try loggedIn().account
        let old = try name(of: rename.from)
        try await account.renameMailbox(old, to: name(of: rename.to))
        return .ok("RENAME completed.")
    }
}
