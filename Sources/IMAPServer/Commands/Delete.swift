// DELETE: a mailbox goes, also the one that is selected.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.4. To delete the mailbox that is selected here means to leave it first.
    func delete(_ delete: Delete) async throws -> Completion {
        let mailbox = try await resolve(delete.mailbox)
        try await mailbox.account.deleteMailbox(mailbox.name)
        if let selection, selection.view.current.isDeleted, selection.account.id == mailbox.account.id,
            selection.view.name == mailbox.name
        {
            unselectMailbox()
        }
        try await tellCanonicalName(of: mailbox, written: delete.mailbox)
        return .ok("DELETE completed.")
    }
}
