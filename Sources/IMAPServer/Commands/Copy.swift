// COPY and UID COPY.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.7, RFC 4315 §3. All or nothing; messages that are gone are passed over.
    func copy(_ copy: Copy) async throws -> Completion {
        let selection = try selected()
        let uids = try selection.uids(of: copy.messages)
        let destination = try await resolve(copy.mailbox)
        guard !uids.isEmpty else { return try await nothingTo(destination, "COPY") }
        let source = selection.view.mailboxID
        let outcome =
            if selection.account.isSameAccess(as: destination.account) {
                try await selection.account.copy(uids, from: source, to: destination.name)
            } else {
                try await environment.store.copy(
                    uids, from: source, of: selection.account, to: destination.name, of: destination.account)
            }
        noteOwnMessages(outcome.pairs.lazy.map(\.destination), in: destination)
        return .ok("COPY completed.", code: await apart(outcome.pairs.count) { outcome.code })
    }

    /// The end of a COPY or MOVE of no message: OK (a client that moves what it moved already must not be told NO), if
    /// the mailbox is there.
    func nothingTo(_ mailbox: MailboxReference, _ command: String) async throws -> Completion {
        guard try await mailbox.account.hasMailbox(mailbox.name) else {
            throw StoreError.mailboxNotFound(mailbox.name)
        }
        return .ok("\(command) completed; there was no such message.")
    }
}

extension CopyOutcome {
    /// COPYUID; nil when nothing was copied. The sets are in step: the store gives out UIDs in the order of the
    /// source's.
    var code: ResponseCode? {
        guard !pairs.isEmpty else { return nil }
        return .copyUID(
            uidValidity, source: UIDSet(pairs.lazy.map(\.source)), destination: UIDSet(pairs.lazy.map(\.destination)))
    }
}
