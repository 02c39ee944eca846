// EXPUNGE and UID EXPUNGE.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.3, RFC 4315 §2.1. The announcement that ends the command tells what is gone.
    func expunge(_ expunge: Expunge) async throws -> Completion {
        let selection = try selected()
        let only = expunge.uids.map(selection.mailbox.uids(named:))
        if only?.isEmpty == true { return .ok("EXPUNGE completed.") }
        let expunged = try await selection.account.expunge(in: selection.view.mailboxID, only: only)
        var completion = Completion.ok("EXPUNGE completed.")
        completion.tellsHighestModSeq = enabled.tellsModSeq && !expunged.isEmpty
        return completion
    }
}
