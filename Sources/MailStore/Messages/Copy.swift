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
            return try operation.duplicate(rows, of: from.id, into: target)
        }
    }
}

extension WriteOperation {
    /// Gives each row of `source` a new UID in `target`.
    mutating func duplicate(
        _ rows: [MessageRow], of source: MailboxID, into target: MailboxRow
    ) throws -> CopyOutcome {
        var uidNext = target.uidNext
        var entries: [MessageEntry] = []
        entries.reserveCapacity(rows.count)
        var counts = MailboxCounts()
        let now = currentSeconds()
        let rights = try rights(on: target.id)
        for row in rows {
            let (flagSet, system) = try permittedFlags(of: row, rights)
            let entry = MessageEntry(
                uid: try takeUID(&uidNext), flagSet: flagSet, modSeq: try nextModSeq(),
                size: row.entry.size, internalDate: row.entry.internalDate, bodyID: row.entry.bodyID)
            counts.add(entry.size, system)
            entries.append(entry)
        }
        try insert(entries, copiedFrom: rows, of: source, saveDate: now, into: target.id)
        if !entries.isEmpty {
            try add(counts, to: target.id, uidNext: uidNext, modSeq: try nextModSeq())
            effects.changes.append(.appended(target.id, entries))
        }
        return CopyOutcome(
            uidValidity: target.uidValidity,
            pairs: zip(rows, entries).map { (source: $0.entry.uid, destination: $1.uid) })
    }

    /// Writes the copies. Messages with successive UIDs that keep their flags are one statement.
    /// - Parameter rows: one for each entry.
    private func insert(
        _ entries: [MessageEntry], copiedFrom rows: [MessageRow], of source: MailboxID, saveDate: Int64,
        into target: MailboxID
    ) throws {
        var start = 0
        while start < entries.count {
            let (copy, original) = (entries[start], rows[start].entry)
            // How far the new UID lies from the old one; so it stays for all of the run.
            let distance = Int64(copy.uid.rawValue) - Int64(original.uid.rawValue)
            var end = start
            while end < entries.count, entries[end].flagSet == rows[end].entry.flagSet,
                Int64(entries[end].uid.rawValue) - Int64(rows[end].entry.uid.rawValue) == distance
            {
                end += 1
            }
            guard end - start > 1 else {
                try insert(copy, saveDate: saveDate, into: target)
                start += 1
                continue
            }
            try db.run(
                """
                INSERT INTO message (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id)
                SELECT ?, uid + ?, ?, flag_set, internal_date, ?, size, body_id FROM message
                WHERE mailbox_id = ? AND uid BETWEEN ? AND ?
                """,
                .int(target.rawValue), .int(distance), .int(copy.modSeq.rawValue), .int(saveDate),
                .int(source.rawValue), .int(original.uid.rawValue), .int(rows[end - 1].entry.uid.rawValue))
            try refuse(changesOtherThan: end - start, in: source)
            start = end
        }
    }

    private mutating func permittedFlags(
        of row: MessageRow, _ rights: MailboxRights
    ) throws -> (id: FlagSetID, system: SystemFlags) {
        guard !rights.isSuperset(of: .flags) else { return (row.entry.flagSet, row.system) }
        let flags = rights.permitted(effects.flagSets[row.entry.flagSet].flags)
        return (try flagSet(flags), flags.system)
    }
}
