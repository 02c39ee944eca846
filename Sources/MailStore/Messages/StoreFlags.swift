// STORE: flags of messages replaced, added or removed (RFC 3501 §6.4.6).

import GRDB
package import Mail

package enum FlagChange: Hashable, Sendable {
    case replace(Flags)
    case add(Flags)
    case remove(Flags)

    package func applied(to flags: Flags) -> Flags {
        switch self {
        case .replace(let new): new
        case .add(let new): flags.union(new)
        case .remove(let old): flags.subtracting(old)
        }
    }
}

package struct StoreOutcome: Sendable {
    /// Messages whose flags are different now, with their new entries, ascending.
    package let changed: [MessageEntry]
    /// UIDs of the request that name no message, among those asked for one by one.
    package let missing: UIDSet
    /// Messages that the condition kept as they were.
    package let modified: UIDSet
}

/// Which messages a conditional STORE may change (RFC 7162 §3.1.3).
package struct StoreCondition: Sendable {
    /// Those whose MODSEQ is at most this.
    package let unchangedSince: ModSeq
    /// What the client knows. A flag that is added or removed need not be refused for the sake of another flag that
    /// changed meanwhile (RFC 7162 §3.1.12).
    package let known: MailboxSnapshot

    package init(unchangedSince: ModSeq, known: MailboxSnapshot) {
        self.unchangedSince = unchangedSince
        self.known = known
    }
}

/// One of several STOREs.
package struct StoreRequest: Sendable {
    package let uids: UIDSet
    package let change: FlagChange

    package init(_ uids: UIDSet, _ change: FlagChange) {
        self.uids = uids
        self.change = change
    }
}

extension AccountStore {
    /// Changes flags as so many calls of the other function would, one after the other, but submits all at once.
    /// - Returns: for each what came of it, and the mailbox as it was then: so that each can be answered as if it had
    /// been alone. nil where nobody has the mailbox in use.
    package func storeFlags(
        _ requests: [StoreRequest], in mailbox: MailboxID
    ) async -> [Result<(outcome: StoreOutcome, view: MailboxSnapshot?), StoreError>] {
        await writeShared(
            each: requests.map { request in
                { operation in
                    let outcome = try operation.storeFlagsChecked(request.uids, in: mailbox, request.change, if: nil)
                    return (outcome, operation.effects.snapshot(of: mailbox))
                }
            })
    }

    /// Changes flags. A message whose flags stay as they were keeps its MODSEQ. Of the flags named those are changed
    /// that a guest may change (RFC 4314 §4).
    /// - Parameter condition: nil for all messages of the set.
    /// - Throws: `.messageGone` when the mailbox is gone, `.notPermitted` for a guest who may change none of the flags,
    ///   `.limit` for too many keywords.
    package func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange, if condition: StoreCondition? = nil
    ) async throws(StoreError) -> StoreOutcome {
        try await writeShared { operation in
            try operation.storeFlagsChecked(uids, in: mailbox, change, if: condition)
        }
    }
}

extension WriteOperation {
    fileprivate mutating func storeFlagsChecked(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange, if condition: StoreCondition?
    ) throws -> StoreOutcome {
        _ = try requireSelected(mailbox)
        guard change.isPermitted(with: try rights(on: mailbox)) else { throw StoreError.notPermitted }
        return try storeFlags(uids, in: mailbox, change, if: condition)
    }

    mutating func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange, if condition: StoreCondition?
    ) throws -> StoreOutcome {
        let rights = try rights(on: mailbox)
        var work = FlagWork()
        for range in uids.ranges {
            let rows = try messages(UIDSet([range]), in: mailbox)
            if rows.isEmpty, range.count == 1 { work.missing.append(range) }
            let first = work.changed.count
            try add(rows, to: &work, change, rights, condition)
            try write(work.changed[first...], work, in: mailbox, isWhole: condition == nil)
        }
        if !work.changed.isEmpty {
            try add(work.counts, to: mailbox, modSeq: try nextModSeq())
            effects.changes.append(.flagged(mailbox, work.changed))
        }
        return StoreOutcome(
            changed: work.changed, missing: UIDSet(work.missing), modified: UIDSet(work.modified))
    }

    /// What one STORE comes to.
    private struct FlagWork {
        var changed: [MessageEntry] = []
        var missing: [ClosedRange<UInt32>] = []
        var modified: [UID] = []
        var counts = MailboxCounts()
        /// The set that takes the place of another.
        var results: [FlagSetID: FlagSetID] = [:]
        /// The last of them.
        var last: (old: FlagSetID, new: FlagSetID)?
    }

    private mutating func add(
        _ rows: [MessageRow], to work: inout FlagWork, _ change: FlagChange, _ rights: MailboxRights,
        _ condition: StoreCondition?
    ) throws {
        for row in rows {
            let old = row.entry.flagSet
            if let condition, !condition.allows(change, row.entry, flags: effects.flagSets[old].flags) {
                work.modified.append(row.entry.uid)
                continue
            }
            if work.last?.old != old {
                let new =
                    try work.results[old] ?? flagSet(change.applied(to: effects.flagSets[old].flags, with: rights))
                work.results[old] = new
                work.last = (old, new)
            }
            guard let new = work.last?.new, new != old else { continue }
            var entry = row.entry
            entry.flagSet = new
            entry.modSeq = try nextModSeq()
            work.counts.add(flags: row.system, -1)
            work.counts.add(flags: effects.flagSets[new].flags.system, 1)
            work.changed.append(entry)
        }
    }

    /// Writes what has changed of the messages of one range.
    ///
    /// Many messages that had the same flags are one statement. A set that takes another's place is never replaced
    /// itself by the same change, so no statement meets what another one has written.
    /// - Parameter isWhole: all messages of a set that is replaced were changed.
    private mutating func write(
        _ changed: ArraySlice<MessageEntry>, _ work: FlagWork, in mailbox: MailboxID,
        isWhole: Bool
    ) throws {
        guard let first = changed.first, let last = changed.last else { return }
        let replaced = work.results.filter { $0.key != $0.value }
        // Each statement looks at the whole range.
        guard isWhole, replaced.count * 8 <= changed.count else {
            for entry in changed { try write(entry, in: mailbox) }
            return
        }
        var count = 0
        for (old, new) in replaced {
            try db.run(
                """
                UPDATE message SET flag_set = ?, modseq = ?
                WHERE mailbox_id = ? AND uid BETWEEN ? AND ? AND flag_set = ?
                """, .int(new.rawValue), .int(first.modSeq.rawValue), .int(mailbox.rawValue),
                .int(first.uid.rawValue), .int(last.uid.rawValue), .int(old.rawValue))
            count += db.changesCount
        }
        guard count == changed.count else {
            throw StoreError.broken("mailbox \(mailbox) has other flags in the file than in memory")
        }
    }

    private func write(_ entry: MessageEntry, in mailbox: MailboxID) throws {
        try db.run(
            "UPDATE message SET flag_set = ?, modseq = ? WHERE mailbox_id = ? AND uid = ?",
            .int(entry.flagSet.rawValue), .int(entry.modSeq.rawValue), .int(mailbox.rawValue),
            .int(entry.uid.rawValue))
    }
}

extension StoreCondition {
    fileprivate func allows(_ change: FlagChange, _ entry: MessageEntry, flags: Flags) -> Bool {
        if entry.modSeq <= unchangedSince { return true }
        let touched: Flags
        switch change {
        case .replace: return false
        case .add(let flags), .remove(let flags): touched = flags
        }
        guard let index = known.index(of: entry.uid), known[index].modSeq <= unchangedSince else { return false }
        return known.flags(of: known[index]).intersection(touched) == flags.intersection(touched)
    }
}
