// UNSUBSCRIBE: a name leaves the list of LSUB.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.7. To unsubscribe what was not subscribed is no error.
    func unsubscribe(_ unsubscribe: Unsubscribe) async throws -> Completion {
        let account = try loggedIn().account
        try await account.unsubscribe(name(of: unsubscribe.mailbox))
        return .ok("UNSUBSCRIBE completed.")
    }
}
