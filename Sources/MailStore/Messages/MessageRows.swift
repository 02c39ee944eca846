// Rows of the message table as operations read and count them.

import GRDB
package import Mail

extension NumberSet<UID> {
    /// Every UID.
    package static var all: UIDSet { UIDSet([1...UInt32.max]) }
}

extension WriteOperation {
    /// One message's row.
    struct MessageRow {
        let entry: MessageEntry
        let system: SystemFlags
    }

    /// The messages of the set that are there, ascending.
    func messages(_ uids: UIDSet, in mailbox: MailboxID) throws -> [MessageRow] {
        var rows: [MessageRow] = []
        if let snapshot = effects.snapshot(of: mailbox) {
            var last: (id: FlagSetID, system: SystemFlags)?
            for range in snapshot.indices(in: uids) {
                snapshot.forEach(in: range) { _, entry in
                    if last?.id != entry.flagSet {
                        last = (entry.flagSet, effects.flagSets[entry.flagSet].flags.system)
                    }
                    rows.append(MessageRow(entry: entry, system: last?.system ?? []))
                }
            }
            return rows
        }
        for range in uids.ranges {
            try db.each(
                """
                SELECT uid, flag_set, modseq, size, internal_date, body_id FROM message
                WHERE mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid
                """, .int(mailbox.rawValue), .int(range.lowerBound), .int(range.upperBound)
            ) { row in
                let entry = try MessageEntry(row)
                let flags = effects.flagSets[entry.flagSet].flags.system
                rows.append(MessageRow(entry: entry, system: flags))
            }
        }
        return rows
    }

    func insert(_ entry: MessageEntry, saveDate: Int64, into mailbox: MailboxID) throws {
        try db.run(
            """
            INSERT INTO message (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .int(mailbox.rawValue), .int(entry.uid.rawValue), .int(entry.modSeq.rawValue),
            .int(entry.flagSet.rawValue), .int(entry.internalDate.packed), .int(saveDate), .int(entry.size),
            .int(entry.bodyID.rawValue))
    }

    /// The messages of the set that fulfil a condition, in runs: no other message lies between the first of a run and
    /// its last.
    func runs(
        of uids: UIDSet, in mailbox: MailboxID, where isMeant: (MessageRow) -> Bool = { _ in true }
    ) throws -> [[MessageRow]] {
        var runs: [[MessageRow]] = []
        for range in uids.ranges {
            runs += try messages(UIDSet([range]), in: mailbox).split { !isMeant($0) }.map(Array.init)
        }
        return runs
    }

    /// Takes messages out of a mailbox; each leaves a tombstone.
    /// - Parameters:
    ///   - runs: all messages from the first to the last of each.
    ///   - restorable: false for messages that are somewhere else now: there is nothing to be restored.
    mutating func remove(_ runs: [[MessageRow]], from mailbox: MailboxID, restorable: Bool = true) throws {
        guard !runs.isEmpty else { return }
        let modSeq = try nextModSeq()
        let now = currentSeconds()
        var counts = MailboxCounts()
        for run in runs {
            guard let first = run.first?.entry.uid, let last = run.last?.entry.uid else { continue }
            let key = SQLValue.int(mailbox.rawValue)
            let (low, high) = (SQLValue.int(first.rawValue), SQLValue.int(last.rawValue))
            try db.run(
                """
                INSERT INTO tombstone
                (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id, expunged_at)
                SELECT mailbox_id, uid, ?, flag_set, internal_date, save_date, size, iif(?, body_id, NULL), ?
                FROM message WHERE mailbox_id = ? AND uid BETWEEN ? AND ?
                """, .int(modSeq.rawValue), .int(restorable ? 1 : 0), .int(now), key, low, high)
            try refuse(changesOtherThan: run.count, in: mailbox)
            try db.run("DELETE FROM message WHERE mailbox_id = ? AND uid BETWEEN ? AND ?", key, low, high)
            try refuse(changesOtherThan: run.count, in: mailbox)
            for row in run { counts.subtract(row.entry.size, row.system) }
        }
        try add(counts, to: mailbox, modSeq: modSeq)
        effects.changes.append(.expunged(mailbox, UIDSet(runs.joined().map(\.entry.uid)), modSeq))
    }

    /// What one statement has changed must be what is in memory: else nothing is changed.
    func refuse(changesOtherThan count: Int, in mailbox: MailboxID) throws {
        guard db.changesCount == count else {
            throw StoreError.broken("mailbox \(mailbox) has other messages in the file than in memory")
        }
    }

    mutating func expungeAll(in mailbox: MailboxRow) throws {
        try remove(try runs(of: .all, in: mailbox.id), from: mailbox.id)
    }

    /// Adds to a mailbox's counts, and to the account's used bytes.
    func add(_ counts: MailboxCounts, to mailbox: MailboxID, uidNext: UInt64? = nil, modSeq: ModSeq) throws {
        try db.run(
            """
            UPDATE mailbox SET messages = messages + ?, unseen = unseen + ?, deleted = deleted + ?, size = size + ?,
            uid_next = coalesce(?, uid_next), modseq = ? WHERE id = ?
            """,
            .int(counts.messages), .int(counts.unseen), .int(counts.deleted), .int(counts.size),
            .optional(uidNext.map { Int64(clamping: $0) }), .int(modSeq.rawValue), .int(mailbox.rawValue))
        if counts.size != 0 {
            try db.run("UPDATE account_state SET used_bytes = used_bytes + ? WHERE id = 1", .int(counts.size))
        }
    }
}

/// What an operation adds to a mailbox's counts.
struct MailboxCounts {
    var messages: Int64 = 0
    var unseen: Int64 = 0
    var deleted: Int64 = 0
    var size: Int64 = 0

    mutating func add(_ size: UInt32, _ flags: SystemFlags) {
        messages += 1
        self.size += Int64(size)
        add(flags: flags, 1)
    }
    mutating func subtract(_ size: UInt32, _ flags: SystemFlags) {
        messages -= 1
        self.size -= Int64(size)
        add(flags: flags, -1)
    }
    mutating func add(flags: SystemFlags, _ sign: Int64) {
        if !flags.contains(.seen) { unseen += sign }
        if flags.contains(.deleted) { deleted += sign }
    }
}
