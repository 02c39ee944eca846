// SUBSCRIBE: a name goes on the list of LSUB.

import IMAPSyntax
import MailStore

extension Session {
    /// RFC 3501 §6.3.6. The name need not be a mailbox's: a client may subscribe before it creates.
    func subscribe(_ subscribe: Subscribe) async throws -> Completion {
        let account = try loggedIn().account
        try await account.subscribe(name(of: subscribe.mailbox))
        return .ok("SUBSCRIBE completed.")
    }
}
