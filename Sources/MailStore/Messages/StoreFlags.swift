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
    /// - Returns: for each what came of it, and the mailbox as it was then.
    package func storeFlags(
        _ requests: [StoreRequest], in mailbox: MailboxID
    ) async -> [Result<(outcome: StoreOutcome, moment: Moment), StoreError>] {
        await writeShared(
            each: requests.map { request in
                { operation in
                    let outcome = try operation.storeFlagsChecked(request.uids, in: mailbox, request.change, if: nil)
                    return (outcome, operation.effects.moment(of: mailbox))
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
        let rows = try messages(uids, in: mailbox)
        let rights = try rights(on: mailbox)
        var modified: [UID] = []
        var results: [FlagSetID: FlagSetID] = [:]
        var changed: [MessageEntry] = []
        var counts = MailboxCounts()
        for row in rows {
            let old = row.entry.flagSet
            if let condition, !condition.allows(change, row.entry, flags: effects.flagSets[old].flags) {
                modified.append(row.entry.uid)
                continue
            }
            let new = try results[old] ?? flagSet(change.applied(to: effects.flagSets[old].flags, with: rights))
            results[old] = new
            guard new != old else { continue }
            var entry = row.entry
            entry.flagSet = new
            entry.modSeq = try nextModSeq()
            counts.add(flags: row.system, -1)
            counts.add(flags: effects.flagSets[new].flags.system, 1)
            changed.append(entry)
        }
        try write(changed, in: mailbox, counts)
        let there = UIDSet(rows.map(\.entry.uid))
        let missing = uids.ranges.filter { $0.count == 1 && !there.contains(rawValue: $0.lowerBound) }
        return StoreOutcome(changed: changed, missing: UIDSet(missing), modified: UIDSet(modified))
    }

    private mutating func write(_ changed: [MessageEntry], in mailbox: MailboxID, _ counts: MailboxCounts) throws {
        guard !changed.isEmpty else { return }
        for entry in changed {
            try db.run(
                "UPDATE message SET flag_set = ?, modseq = ? WHERE mailbox_id = ? AND uid = ?",
                .int(entry.flagSet.rawValue), .int(entry.modSeq.rawValue), .int(mailbox.rawValue),
                .int(entry.uid.rawValue))
        }
        try add(counts, to: mailbox, modSeq: try nextModSeq())
        effects.changes.append(.flagged(mailbox, changed))
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
