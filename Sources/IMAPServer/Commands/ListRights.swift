// LISTRIGHTS: which rights somebody could be given.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 4314 §3.4. The owner has all, always; to others each right can be given alone.
    func listRights(_ listRights: ListRights) async throws -> Completion {
        let mailbox = try await administered(listRights.mailbox)
        let isOwner = try await grantee(listRights.identifier) == .account(mailbox.account.id)
        let required: MailboxRights = isOwner && !listRights.identifier.isNegative ? .all : .none
        connection.writer.listRights(
            mailbox.fullName, listRights.identifier.text, required: required, optional: isOwner ? .none : .all)
        return .ok("LISTRIGHTS completed.")
    }
}
