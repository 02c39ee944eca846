// GETACL: who may do what with a mailbox.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 4314 §3.3.
    func getACL(_ getACL: GetACL) async throws -> Completion {
        let mailbox = try await administered(getACL.mailbox)
        let entries = try await mailbox.account.accessList(of: mailbox.name)
        connection.writer.acl(mailbox.fullName, try await identifiers(entries, owner: mailbox.account.id))
        return .ok("GETACL completed.")
    }
}
