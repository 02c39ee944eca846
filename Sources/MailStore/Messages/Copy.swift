// COPY: new rows that share the bodies (RFC 3501 §6.4.7, RFC 4315 §3).

package import Mail

/// Where copied or moved messages came from and went to.
package struct CopyOutcome: Sendable {
    /// Of the destination.
    package let uidValidity: UIDValidity
    /// Ascending on both sides.
    package let pairs: [(source: UID, destination: UID)]
}

extension AccountStore {
    /// Copies the messages of the set that are there, all or none; flags, keywords and INTERNALDATE go along, the
    /// flags as far as a guest may set them there.
    /// - Throws: `.mailboxNotFound` for either mailbox, `.notPermitted`, `.overQuota`, `.limit`.
    package func copy(
        _ uids: UIDSet, from source: MailboxID, to destination: MailboxName
    ) async throws(StoreError) -> CopyOutcome {
        try await writeShared { operation in
            let target = try operation.require(destination, for: .insert)
            let from = try operation.requireSelected(source)
            let rows = try operation.messages(uids, in: from.id)
            try operation.db.refuseOverQuota(
                adding: rows.reduce(0) { $0 + Int64($1.entry.size) }, messages: Int64(rows.count))
            return try operation.duplicate(rows, into: target)
        }
    }
}

extension WriteOperation {
    /// Gives each row a new UID in `target`.
    mutating func duplicate(_ rows: [MessageRow], into target: MailboxRow) throws -> CopyOutcome {
        var uidNext = target.uidNext
        var entries: [MessageEntry] = []
        var counts = MailboxCounts()
        let now = currentSeconds()
        let rights = try rights(on: target.id)
        for row in rows {
            let (flagSet, system) = try permittedFlags(of: row, rights)
            let entry = MessageEntry(
                uid: try takeUID(&uidNext), flagSet: flagSet, modSeq: try nextModSeq(),
                size: row.entry.size, internalDate: row.entry.internalDate, bodyID: row.entry.bodyID)
            try insert(entry, saveDate: now, into: target.id)
            counts.add(entry.size, system)
            entries.append(entry)
        }
        if !entries.isEmpty {
            try add(counts, to: target.id, uidNext: uidNext, modSeq: try nextModSeq())
            effects.changes.append(.appended(target.id, entries))
        }
        return CopyOutcome(
            uidValidity: target.uidValidity,
            pairs: zip(rows, entries).map { (source: $0.entry.uid, destination: $1.uid) })
    }

    private mutating func permittedFlags(
        of row: MessageRow, _ rights: MailboxRights
    ) throws -> (id: FlagSetID, system: SystemFlags) {
        guard !rights.isSuperset(of: .flags) else { return (row.entry.flagSet, row.system) }
        let flags = rights.permitted(effects.flagSets[row.entry.flagSet].flags)
        return (try flagSet(flags), flags.system)
    }
}
