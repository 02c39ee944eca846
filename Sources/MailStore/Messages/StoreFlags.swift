// STORE: flags of messages replaced, added or removed (RFC 3501 §6.4.6).

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

extension AccountStore {
    /// Changes flags. A message whose flags stay as they were keeps its MODSEQ. Of the flags named those are changed
    /// that a guest may change (RFC 4314 §4).
    /// - Parameter condition: nil for all messages of the set.
    /// - Throws: `.messageGone` when the mailbox is gone, `.notPermitted` for a guest who may change none of the flags,
    ///   `.limit` for too many keywords.
    package func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange, if condition: StoreCondition? = nil
    ) async throws(StoreError) -> StoreOutcome {
        try await writeShared { operation in
            _ = try operation.requireSelected(mailbox)
            guard change.isPermitted(with: try operation.rights(on: mailbox)) else { throw StoreError.notPermitted }
            return try operation.storeFlags(uids, in: mailbox, change, if: condition)
        }
    }
}

extension WriteOperation {
    mutating func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange, if condition: StoreCondition?
    ) throws -> StoreOutcome {
        let stored = try messages(uids, in: mailbox)
        let shown = try shown(stored, in: mailbox)
        let rights = try rights(on: mailbox)
        var modified: [UID] = []
        var results: [FlagSetID: Flags] = [:]
        var changes = FlagChanges()
        for (row, stored) in zip(shown, stored) {
            let old = row.entry.flagSet
            if let condition, !condition.allows(change, row.entry, flags: effects.flagSets[old].flags) {
                modified.append(row.entry.uid)
                continue
            }
            let new = results[old] ?? change.applied(to: effects.flagSets[old].flags, with: rights)
            results[old] = new
            if new != effects.flagSets[old].flags { try note(new, of: row, stored: stored, &changes) }
        }
        try write(changes, in: mailbox)
        let there = UIDSet(shown.map(\.entry.uid))
        let missing = uids.ranges.filter { $0.count == 1 && !there.contains(rawValue: $0.lowerBound) }
        return StoreOutcome(changed: changes.outcome, missing: UIDSet(missing), modified: UIDSet(modified))
    }

    /// A message gets these flags, as the one who changes them has it: of a guest's, \Seen is the guest's own.
    private mutating func note(
        _ new: Flags, of row: MessageRow, stored: MessageRow, _ changes: inout FlagChanges
    ) throws {
        var entry = stored.entry
        entry.modSeq = try nextModSeq()
        let flags = guest == nil ? new : new.withSeen(of: effects.flagSets[entry.flagSet].flags)
        entry.flagSet = try changes.results[flags] ?? flagSet(flags)
        changes.results[flags] = entry.flagSet
        if entry.flagSet != stored.entry.flagSet {
            changes.counts.add(flags: stored.system, -1)
            changes.counts.add(flags: effects.flagSets[entry.flagSet].flags.system, 1)
            changes.stored.append(entry)
        }
        let isSeen = new.contains(.seen)
        if guest != nil, isSeen != row.system.contains(.seen) { changes.seen[isSeen, default: []].append(entry.uid) }
        changes.outcome.append(guest == nil ? entry : entry.shown(seen: isSeen, in: effects.flagSets))
    }

    private mutating func write(_ changes: FlagChanges, in mailbox: MailboxID) throws {
        for entry in changes.stored {
            try db.run(
                "UPDATE message SET flag_set = ?, modseq = ? WHERE mailbox_id = ? AND uid = ?",
                .int(entry.flagSet.rawValue), .int(entry.modSeq.rawValue), .int(mailbox.rawValue),
                .int(entry.uid.rawValue))
        }
        if !changes.stored.isEmpty {
            try add(changes.counts, to: mailbox, modSeq: try nextModSeq())
            effects.changes.append(.flagged(mailbox, changes.stored))
        }
        guard let guest else { return }
        for (isSeen, uids) in changes.seen { try setSeen(uids, isSeen, of: guest, in: mailbox) }
    }
}

/// What a STORE comes to.
private struct FlagChanges {
    /// With their new entries: as rows, and as the one who changes them has them.
    var stored: [MessageEntry] = []
    var outcome: [MessageEntry] = []
    /// A guest's own.
    var seen: [Bool: [UID]] = [:]
    var counts = MailboxCounts()
    var results: [Flags: FlagSetID] = [:]
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
