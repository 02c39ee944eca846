// STORE and UID STORE.

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// RFC 3501 §6.4.6. Without .SILENT every message named is told with its flags; with it, only those whose flags
    /// came out otherwise than the client must expect. RFC 7162 §3.1.3: with UNCHANGEDSINCE, messages that changed
    /// meanwhile are left as they are and named in MODIFIED.
    func store(_ store: IMAPSyntax.Store) async throws -> Completion {
        let selection = try selected()
        let uids = try selection.uids(of: store.messages)
        guard !uids.isEmpty else { return .ok("STORE completed.") }
        let condition = store.unchangedSince.map {
            StoreCondition(unchangedSince: $0, known: selection.mailbox.view)
        }
        let outcome = try await selection.account.storeFlags(
            uids, in: selection.view.mailboxID, store.change, if: condition)
        return try await answer(store, uids, outcome, in: selection)
    }

    /// Tells of a STORE what it has to be told.
    func answer(
        _ store: IMAPSyntax.Store, _ uids: UIDSet, _ outcome: StoreOutcome, in selection: Selection
    ) async throws -> Completion {
        // By number as the client counts them now: without EXPUNGE no number moves, and UID STORE answers in UIDs.
        let modified = store.messages.isUID ? outcome.modified.ranges : selection.mailbox.numbers(of: outcome.modified)
        try await announce(
            announcing(.store(store)), withUIDs: store.messages.isUID,
            own: store.own(uids, store.change, failed: outcome.modified))
        guard modified.isEmpty else {
            return .ok("STORE completed, but for those that have changed.", code: .modified(modified))
        }
        if !outcome.missing.isEmpty, !store.messages.isUID {
            return .ok("STORE completed, but some of the messages no longer exist.", code: .expungeIssued)
        }
        return .ok("STORE completed.")
    }
}

extension IMAPSyntax.Store {
    var change: FlagChange {
        switch operation {
        case .replace: .replace(flags)
        case .add: .add(flags)
        case .remove: .remove(flags)
        }
    }

    fileprivate func own(_ uids: UIDSet, _ change: FlagChange, failed: UIDSet) -> SelectedMailbox.OwnChange {
        if !silent { return .echoed(uids) }
        return unchangedSince == nil ? .silent(uids, change) : .conditional(uids, failed: failed, change)
    }
}

extension SelectedMailbox {
    /// The sequence numbers of messages of the view.
    func numbers(of uids: UIDSet) -> [ClosedRange<UInt32>] {
        view.indices(in: uids).map {
            UInt32(truncatingIfNeeded: $0.lowerBound + 1)...UInt32(truncatingIfNeeded: $0.upperBound)
        }
    }
}

extension Selection {
    /// - Throws: BAD for a sequence number that is no message's.
    func indices(of messages: MessageSelection) throws(Refusal) -> [Range<Int>] {
        guard let indices = mailbox.indices(of: messages) else {
            throw Refusal(.bad("There is no message with that number; the mailbox has \(mailbox.count)."))
        }
        return indices
    }

    func uids(of messages: MessageSelection) throws(Refusal) -> UIDSet { mailbox.uids(at: try indices(of: messages)) }
}
