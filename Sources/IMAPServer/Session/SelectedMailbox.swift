// What a client knows of its selected mailbox, numbers and flags and \Recent, and what it must be told next.
//
// Theory. `view` is the snapshot that the client has been told of, message by message. Sequence number n is `view[n -
// 1]`, always. The view moves only in `advance`, which yields exactly the responses that move the client along; so
// writing them is the same as moving. When EXPUNGE may not be announced, messages that are gone stay in the view (RFC
// 3501 §7.4.1, RFC 2180 §4.1.1) and are among the differences of a later advance. Nothing is queued: a client that was
// away for a million changes gets one difference.

package import IMAPSyntax
package import Mail
package import MailStore

/// A pure value: no I/O, no clock.
package struct SelectedMailbox: Sendable {
    /// What the client has been told.
    package private(set) var view: MailboxSnapshot
    /// Selected by EXAMINE.
    package internal(set) var isReadOnly: Bool
    /// UIDs that are \Recent to this session, whether or not the messages still exist.
    package private(set) var recent: UIDSet
    /// What the last SEARCH with SAVE found, `$` (RFC 5182 §2.1), whether or not the messages still exist.
    package var saved = UIDSet()
    /// Up to here the client has been told everything. Behind the view's while an EXPUNGE is held back (RFC 7162 §3.2):
    /// a client that took a greater MODSEQ for its own would never hear of it after a lost connection.
    package private(set) var toldModSeq: ModSeq
    /// An EXPUNGE is held back.
    private var holdsBack = false

    /// - Parameter recent: what `MailboxView.claimRecent` gave, or for EXAMINE what it would have given.
    package init(_ snapshot: MailboxSnapshot, isReadOnly: Bool, recent: ClosedRange<UInt32>?) {
        view = snapshot
        self.isReadOnly = isReadOnly
        self.recent = UIDSet(recent.map { [$0] } ?? [])
        toldModSeq = snapshot.highestModSeq
    }

    package var count: Int { view.count }
    package var recentCount: Int { view.indices(in: recent).reduce(0) { $0 + $1.count } }
    package func isRecent(_ uid: UID) -> Bool { recent.contains(uid) }

    /// The index of the first message without \Seen (RFC 3501 §7.1, UNSEEN); nil when all are seen.
    package var firstUnseen: Int? {
        view.indexOfFirst(notIn: view.flagSets.ids { $0.contains(.seen) })
    }

    package func sequenceNumber(of uid: UID) -> UInt32? {
        view.index(of: uid).map { UInt32(truncatingIfNeeded: $0 + 1) }
    }

    /// The messages that a client names, as ascending, disjoint ranges of indices. UIDs that are not there are passed
    /// over.
    ///
    /// nil for a sequence number beyond the last message, `*` in an empty mailbox included: that is BAD (RFC 3501 §9,
    /// seq-number).
    package func indices(of selection: MessageSelection) -> [Range<Int>]? {
        switch selection {
        case .uid(let set): return view.indices(in: set.resolved(last: view.lastUID))
        case .saved: return view.indices(in: saved)
        case .sequence(let set):
            guard let last = SequenceNumber(UInt32(truncatingIfNeeded: count)) else { return nil }
            let ranges = set.resolved(last: last).ranges
            guard let highest = ranges.last, highest.upperBound <= last.rawValue else { return nil }
            return ranges.map { Int($0.lowerBound) - 1..<Int($0.upperBound) }
        }
    }

    /// The UIDs that a command names, whether or not the view has such messages.
    package func uids(named selection: MessageSelection) -> UIDSet {
        switch selection {
        case .uid(let set): set.resolved(last: view.lastUID)
        case .sequence(let set): uids(at: indices(within: set))
        case .saved: saved
        }
    }

    /// The UIDs that a command names of messages that were here at any time: `*` is the last UID ever given out.
    package func uids(everNamed selection: MessageSelection) -> UIDSet {
        guard case .uid(let set) = selection else { return uids(named: selection) }
        return set.resolved(last: UID(UInt32(clamping: view.uidNext - 1)) ?? view.lastUID)
    }

    /// Those of the numbers that are messages', as ascending, disjoint ranges of indices.
    package func indices(within set: MessageSet<SequenceNumber>) -> [Range<Int>] {
        guard let last = SequenceNumber(UInt32(truncatingIfNeeded: count)) else { return [] }
        return set.resolved(last: last).ranges.compactMap { range in
            guard range.lowerBound <= last.rawValue else { return nil }
            return Int(range.lowerBound) - 1..<Int(min(range.upperBound, last.rawValue))
        }
    }

    /// The UIDs of messages of this view.
    package func uids(at indices: [Range<Int>]) -> UIDSet {
        // Neighbours in the view become one range even where UIDs are missing between them: what is missing is gone for
        // good.
        UIDSet(
            indices.filter { !$0.isEmpty }.map {
                view[$0.lowerBound].uid.rawValue...view[$0.upperBound - 1].uid.rawValue
            })
    }

    // MARK: Moving on

    /// A STORE that was carried out and whose effect the client knows in part already.
    package enum OwnChange: Sendable {
        case none
        /// STORE: the client wants to see the flags of each of these, changed or not.
        case echoed(UIDSet)
        /// STORE .SILENT: the client has worked out the flags itself; it is told only where they came out differently,
        /// because another session changed the message too.
        case silent(UIDSet, FlagChange)
        /// STORE with UNCHANGEDSINCE and .SILENT: as `silent`, but the client is told the MODSEQ of each message of the
        /// first set, changed or not, and the flags of those that failed (RFC 7162 §3.1.3).
        case conditional(UIDSet, failed: UIDSet, FlagChange)
        /// The flags of these are told in another way: FETCH that set \Seen.
        case told(UIDSet)
    }

    /// Moves the view to `latest`.
    /// - Parameters:
    ///   - mayAnnounceExpunge: whether EXPUNGE is lawful now.
    ///   - newRecent: UIDs that became \Recent to this session.
    /// - Returns: what to tell, in the order of its properties.
    package mutating func advance(
        to latest: MailboxSnapshot, mayAnnounceExpunge: Bool, newRecent: ClosedRange<UInt32>? = nil,
        own: OwnChange = .none
    ) -> Announcement {
        let before = view
        let (next, difference) = before.advanced(to: latest, keepingExpunged: !mayAnnounceExpunge)
        var announcement = Announcement()
        if mayAnnounceExpunge {
            announcement.vanished = UIDSet(difference.expunged)
            announcement.expunged = difference.expunged.reversed().compactMap { uid in
                before.index(of: uid).map { UInt32(truncatingIfNeeded: $0 + 1) }
            }
        }
        view = next
        settle(latest.highestModSeq, isComplete: mayAnnounceExpunge || difference.expunged.isEmpty, &announcement)
        if let newRecent { recent = UIDSet(recent.ranges + [newRecent]) }
        if !difference.added.isEmpty {
            announcement.exists = count
            announcement.recent = recentCount
        }
        tellFlags(changed: difference.changed, before: before, own: own, &announcement)
        return announcement
    }

    private mutating func settle(_ highest: ModSeq, isComplete: Bool, _ announcement: inout Announcement) {
        if isComplete { toldModSeq = highest }
        if holdsBack || !isComplete { announcement.toldModSeq = toldModSeq }
        holdsBack = !isComplete
    }

    private func tellFlags(
        changed: [UID], before: MailboxSnapshot, own: OwnChange, _ announcement: inout Announcement
    ) {
        switch own {
        case .none: announcement.flags = changed.compactMap(view.index(of:))
        case .told(let uids):
            announcement.flags = changed.lazy.filter { !uids.contains($0) }.compactMap(view.index(of:))
        case .echoed(let uids):
            let others = changed.lazy.filter { !uids.contains($0) }.compactMap(view.index(of:))
            announcement.flags = (view.indices(in: uids).flatMap { Array($0) } + others).sorted()
        case .silent(let uids, let change):
            var expectation = Expectation(change)
            var (old, new) = (0, 0)
            for uid in changed {
                guard let index = view.index(of: uid, near: new) else { continue }
                new = index + 1
                old = before.index(of: uid, near: old) ?? before.count
                let isExpected =
                    uids.contains(uid) && old < before.count
                    && expectation.isMet(by: view[index], in: view, after: before[old], in: before)
                old += 1
                if isExpected { announcement.modSeqs.append(index) } else { announcement.flags.append(index) }
            }
        case .conditional(let uids, let failed, let change):
            tellFlags(changed: changed, before: before, own: .silent(uids, change), &announcement)
            let known = Set(announcement.flags)
            announcement.flags += view.indices(in: failed).joined().filter { !known.contains($0) }
            let told = Set(announcement.flags)
            announcement.modSeqs = view.indices(in: uids).joined().filter { !told.contains($0) }
        }
    }
}

/// Whether a client, applying its own change to what it knew, has come to the flags that a message has. Remembers the
/// last answer: neighbours are mostly alike.
private struct Expectation {
    let change: FlagChange
    private var last: (old: FlagSetID, new: FlagSetID, isMet: Bool)?

    init(_ change: FlagChange) { self.change = change }

    mutating func isMet(
        by new: MessageEntry, in view: MailboxSnapshot, after old: MessageEntry, in before: MailboxSnapshot
    ) -> Bool {
        if let last, last.old == old.flagSet, last.new == new.flagSet { return last.isMet }
        let isMet = change.applied(to: before.flags(of: old)) == view.flags(of: new)
        last = (old.flagSet, new.flagSet, isMet)
        return isMet
    }
}

/// What a client has to be told, to be written in this order.
package struct Announcement: Hashable, Sendable {
    /// Sequence numbers from the highest down, so that none shifts another.
    package var expunged: [UInt32] = []
    /// The same by UID, for clients that take VANISHED.
    package var vanished = UIDSet()
    package var exists: Int?
    package var recent: Int?
    /// Indices in the new view of messages whose flags are news.
    package var flags: [Int] = []
    /// Indices of messages whose flags the client knows, but not their MODSEQ.
    package var modSeqs: [Int] = []
    /// HIGHESTMODSEQ, where the client must not take the greatest MODSEQ that it sees, or may again.
    package var toldModSeq: ModSeq?

    /// Leaves out flags that the client does not want, and then the MODSEQ too, up to which it would know all.
    mutating func hideFlags() {
        if !flags.isEmpty { toldModSeq = nil }
        flags = []
    }

    package var isEmpty: Bool {
        expunged.isEmpty && exists == nil && recent == nil && flags.isEmpty && modSeqs.isEmpty && toldModSeq == nil
    }
}
