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
}

extension AccountStore {
    /// Changes flags. A message whose flags stay as they were keeps its MODSEQ.
    /// - Throws: `.messageGone` when the mailbox is gone, `.limit` for too many keywords.
    package func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange
    ) async throws(StoreError) -> StoreOutcome {
        try await write { operation in
            guard try operation.find(mailbox) != nil else { throw StoreError.messageGone }
            return try operation.storeFlags(uids, in: mailbox, change)
        }
    }
}

extension WriteOperation {
    mutating func storeFlags(
        _ uids: UIDSet, in mailbox: MailboxID, _ change: FlagChange
    ) throws -> StoreOutcome {
        let rows = try messages(uids, in: mailbox)
        var results: [FlagSetID: FlagSetID] = [:]
        var changed: [MessageEntry] = []
        var counts = MailboxCounts()
        for row in rows {
            let old = row.entry.flagSet
            let new = try results[old] ?? flagSet(change.applied(to: effects.flagSets[old].flags))
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
        return StoreOutcome(changed: changed, missing: UIDSet(missing))
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
