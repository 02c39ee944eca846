// MOVE and UID MOVE.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 6851 §3.3, §4.4: COPYUID untagged first, then the announcement's EXPUNGEs, then OK.
    func move(_ move: Move) async throws -> Completion {
        let selection = try selected()
        let uids = try selection.uids(of: move.messages)
        let destination = try await resolve(move.mailbox)
        guard !uids.isEmpty else { return try await nothingTo(destination, "MOVE") }
        let source = selection.view.mailboxID
        let outcome =
            if selection.account.isSameAccess(as: destination.account) {
                try await selection.account.move(uids, from: source, to: destination.name)
            } else {
                try await environment.store.move(
                    uids, from: source, of: selection.account, to: destination.name, of: destination.account)
            }
        noteOwnMessages(outcome.pairs.lazy.map(\.destination), in: destination)
        if let code = offered(outcome.code) { connection.writer.untagged(.ok, code: code, "Moved.") }
        var completion = Completion.ok("MOVE completed.")
        completion.tellsHighestModSeq = enabled.tellsModSeq && !outcome.pairs.isEmpty
        return completion
    }
}
