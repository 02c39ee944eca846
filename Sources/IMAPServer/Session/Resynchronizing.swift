// What a client that comes back is told: what is gone, and what changed, since a MODSEQ that it knows.
//
// Theory. The snapshot says what changed and the store what is gone; both are exact however long ago, but that of a
// mailbox which came from a backup all UIDs may be told that are not there. What is gone is read after the snapshot was
// taken and may be more: a message that is still in the client's view is left out, since the view's next advance tells
// of it, in a VANISHED without EARLIER (RFC 7162 §3.2.10).

import IMAPSyntax
import Mail
import MailStore

extension Session {
    /// VANISHED (EARLIER) for UIDs among `uids` that were expunged after `modSeq` (RFC 7162 §3.2.6).
    /// - Parameter floor: the client knows what is gone up to this UID.
    func writeVanished(
        since modSeq: ModSeq, among uids: UIDSet, above floor: UInt32 = 0, of selection: Selection
    ) async throws {
        let view = selection.mailbox.view
        let gone = try await selection.account.vanished(from: view.mailboxID, since: modSeq, among: uids)
        connection.writer.vanished(view.without(gone, above: floor), earlier: true)
        try await connection.flushIfLarge()
    }

    /// What SELECT with QRESYNC tells behind its usual replies (RFC 7162 §3.2.5).
    func resynchronize(_ resync: Resynchronization, _ selection: Selection) async throws {
        let mailbox = selection.mailbox
        // Another UIDVALIDITY: the client sees that it knows nothing.
        guard resync.uidValidity == mailbox.view.uidValidity else { return }
        let known = resync.known ?? .all
        try await writeVanished(
            since: resync.modSeq, among: known, above: resync.match?.lastAgreement(with: mailbox.view) ?? 0,
            of: selection)
        var encoder = FlagEncoder(mailbox.view.flagSets, tellsRecent: !enabled.isRev2)
        for index in mailbox.indices(known, changedSince: resync.modSeq).joined() {
            let entry = mailbox.view[index]
            connection.writer.beginFetch(UInt32(truncatingIfNeeded: index + 1), uid: entry.uid.rawValue)
            if !enabled.isUIDOnly { connection.writer.fetchUID(entry.uid.rawValue) }
            connection.writer.fetchModSeq(entry.modSeq)
            connection.writer.fetchFlags(
                encoded: encoder.encoded(entry.flagSet, isRecent: mailbox.isRecent(entry.uid)))
            connection.writer.endFetch()
            try await connection.flushIfLarge()
        }
    }
}

extension MailboxSnapshot {
    /// The UIDs of the set that lie above a floor and below UIDNEXT, and that none of the messages has.
    func without(_ uids: UIDSet, above floor: UInt32) -> UIDSet {
        var found: [ClosedRange<UInt32>] = []
        for range in uids.ranges {
            var start = max(UInt64(range.lowerBound), UInt64(floor) + 1)
            let end = min(UInt64(range.upperBound), max(uidNext, 1) - 1)
            func add(upTo last: UInt64) {
                if start <= last { found.append(UInt32(clamping: start)...UInt32(clamping: last)) }
            }
            for index in indices(in: UIDSet([range])).joined() {
                let uid = UInt64(self[index].uid.rawValue)
                add(upTo: min(uid - 1, end))
                start = max(start, uid + 1)
            }
            add(upTo: end)
        }
        return UIDSet(found)
    }
}

extension SelectedMailbox {
    /// The messages of the set with a greater MODSEQ, as ascending, disjoint ranges of indices.
    func indices(_ uids: UIDSet, changedSince modSeq: ModSeq) -> [Range<Int>] {
        changed(view.indices(in: uids), since: modSeq)
    }

    /// Those of the messages at these indices that have a greater MODSEQ.
    func changed(_ indices: [Range<Int>], since modSeq: ModSeq) -> [Range<Int>] {
        guard modSeq < view.highestModSeq else { return [] }
        var ranges: [Range<Int>] = []
        for range in indices {
            view.forEach(in: range, changedSince: modSeq) { ranges.append(index: $0) }
        }
        return ranges
    }
}

extension SequenceMatch {
    /// The greatest UID of the client's that still has its number: whatever is gone below it, the client knows (RFC
    /// 7162 §3.2.5.2). nil when none has. At most one step for each message of the mailbox.
    func lastAgreement(with view: MailboxSnapshot) -> UInt32? {
        var found: UInt32?
        var uids = Walk(self.uids.ranges)
        for range in numbers.ranges {
            for number in range {
                guard let uid = uids.next(), number <= view.count else { return found }
                if view[Int(number) - 1].uid.rawValue == uid { found = uid }
            }
        }
        return found
    }

    /// The numbers of ranges one by one.
    private struct Walk {
        private let ranges: [ClosedRange<UInt32>]
        private var range = 0
        private var taken: UInt32 = 0

        init(_ ranges: [ClosedRange<UInt32>]) { self.ranges = ranges }

        mutating func next() -> UInt32? {
            guard range < ranges.count else { return nil }
            let value = ranges[range].lowerBound &+ taken
            taken &+= 1
            if value == ranges[range].upperBound {
                range += 1
                taken = 0
            }
            return value
        }
    }
}
