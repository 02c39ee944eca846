// REPLACE and UID REPLACE: what of them is not APPEND's.

import IMAPSyntax
import Mail
import MailStore

/// The message of the selected mailbox that a REPLACE takes away.
struct ReplacedMessage {
    let uid: UID
    let mailbox: MailboxID
    let size: Int
}

extension Session {
    /// RFC 8508 §3.4. Between mailboxes of one account only: there it is one operation of the store.
    func replaced(_ message: MessageSelection, by destination: MailboxReference) throws -> ReplacedMessage {
        let selection = try selected()
        let own = try loggedIn().account.id
        guard selection.account.id == own, destination.account.id == own else {
            throw Refusal(.no("REPLACE is for your own mailboxes; use APPEND and EXPUNGE.", code: .cannot))
        }
        guard let index = try selection.indices(of: message).first?.first else {
            throw Refusal(.no("There is no such message to be replaced.", code: .nonexistent))
        }
        let entry = selection.mailbox.view[index]
        return ReplacedMessage(uid: entry.uid, mailbox: selection.view.mailboxID, size: Int(entry.size))
    }

    /// RFC 8508 §4.3: APPENDUID untagged first, then the announcement's EXPUNGE, then OK.
    func replace(
        _ replaced: ReplacedMessage, with message: NewMessage, in destination: MailboxReference
    ) async throws -> Completion {
        let outcome = try await destination.account.replace(
            replaced.uid, in: replaced.mailbox, with: message, to: destination.name)
        let uids = UIDSet(outcome.uids.compactMap { $0 })
        noteOwnMessages(outcome.uids.compactMap { $0 }, in: destination)
        if !uids.isEmpty {
            connection.writer.untagged(.ok, code: .appendUID(outcome.uidValidity, uids), "The replacement is stored.")
        }
        var completion = Completion.ok("REPLACE completed.")
        completion.tellsHighestModSeq = enabled.tellsModSeq
        return completion
    }
}
