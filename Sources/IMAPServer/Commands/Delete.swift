// DELETE: a mailbox goes, also the one that is selected.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.4. To delete the mailbox that is selected here means to leave it first.
    func delete(_ delete: Delete) async throws -> Completion {
        let account = try loggedIn().account
        let name = try name(of: delete.mailbox)
        try await account.deleteMailbox(name)
        if selection?.view.current.isDeleted == true, selection?.view.name == name { unselectMailbox() }
        return .ok("DELETE completed.")
    }
}
