// REPLACE and UID REPLACE: what of them is not APPEND's.

import IMAPSyntax
import Mail
import MailStore

/// The message of the selected mailbox that a REPLACE takes away.
struct ReplacedMessage {
    let uid: UID
    let mailbox: MailboxID
    let account: AccountStore
    /// Bytes that the new message may take of the quota in place of these: none in another account.
    let size: Int
}

extension Session {
    /// RFC 8508 §3.4, §4.1: what can be wrong with it before the new message is here.
    func replaced(_ message: MessageSelection, by destination: MailboxReference) throws -> ReplacedMessage {
        let selection = try selected()
        guard selection.rights.isSuperset(of: .delete) else { throw StoreError.notPermitted }
        guard let index = try selection.indices(of: message).first?.first else {
            throw Refusal(.no("There is no such message to be replaced.", code: .nonexistent))
        }
        let entry = selection.mailbox.view[index]
        return ReplacedMessage(
            uid: entry.uid, mailbox: selection.view.mailboxID, account: selection.account,
            size: selection.account.id == destination.account.id ? Int(entry.size) : 0)
    }

    /// RFC 8508 §4.3: APPENDUID untagged first, then the announcement's EXPUNGE, then OK.
    func replace(
        _ replaced: ReplacedMessage, with message: NewMessage, in destination: MailboxReference
    ) async throws -> Completion {
        let outcome =
            if replaced.account.isSameAccess(as: destination.account) {
                try await destination.account.replace(
                    replaced.uid, in: replaced.mailbox, with: message, to: destination.name)
            } else {
                try await environment.store.replace(
                    replaced.uid, in: replaced.mailbox, of: replaced.account, with: message, to: destination.name,
                    of: destination.account)
            }
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
