// MYRIGHTS: what the session's own account may do with a mailbox.

import Accounts
import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 4314 §3.5. Without the right to look a mailbox up it is as if it were not there (§6).
    func myRights(_ myRights: MyRights) async throws -> Completion {
        let mailbox = try await resolve(myRights.mailbox)
        let rights = try await mailbox.account.rights(on: mailbox.name)
        guard rights.contains(.lookup) else { throw StoreError.mailboxNotFound(mailbox.name) }
        connection.writer.myRights(mailbox.fullName, try shownRights(rights))
        return .ok("MYRIGHTS completed.")
    }

    /// What is left of the rights to a login that may only read.
    func shownRights(_ rights: MailboxRights) throws -> MailboxRights {
        try loggedIn().login.isReadOnly ? rights.intersection([.lookup, .read]) : rights
    }
}
