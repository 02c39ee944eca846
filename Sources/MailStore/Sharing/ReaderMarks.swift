// \Seen of a shared mailbox, for each who reads it.
//
// Theory. A message's flag set holds the owner's \Seen; a guest's lies in reader_message, one row for each message
// whose \Seen the guest has ever changed, with the MODSEQ of the change. All other flags are everybody's. What a guest
// sees of a message is its row with that \Seen in place of the owner's, and the greater of the two MODSEQs; so views,
// searches and synchronisation know nothing of it. A guest's change of \Seen takes a MODSEQ of the account as any
// change does, and moves the guest's HIGHESTMODSEQ, not the mailbox's: nobody else hears of it. The owner's change of
// \Seen is told to guests as a change that leaves the flags as they were.
// Copies within the account keep for each reader what the message was to them.
// Invariants: a row's message is there; reader.seen is how many rows have is_seen; no row's MODSEQ is above reader's.

import GRDB
import Mail

/// What a reader has changed in a mailbox.
struct ReaderMarks {
    private var marks: [UID: (isSeen: Bool, modSeq: ModSeq)] = [:]

    /// The message as the reader has it.
    func shown(_ entry: MessageEntry, in flagSets: FlagSetTable) -> MessageEntry {
        let mark = marks[entry.uid]
        return entry.shown(seen: mark?.isSeen ?? false, in: flagSets, modSeq: mark?.modSeq ?? .zero)
    }

    func isSeen(_ uid: UID) -> Bool { marks[uid]?.isSeen ?? false }

    fileprivate mutating func add(_ row: SQLRow) throws {
        guard let uid = UID(row.uint32(0)), let modSeq = ModSeq(UInt64(clamping: row.int(2))) else {
            throw StoreError.broken("a reader's row has UID \(row.int(0)) and MODSEQ \(row.int(2))")
        }
        marks[uid] = (row.int(1) != 0, modSeq)
    }
}

extension Database {
    /// - Parameter uids: only of these.
    func marks(of reader: AccountID, in mailbox: MailboxID, _ uids: UIDSet = .all) throws -> ReaderMarks {
        var marks = ReaderMarks()
        for range in uids.ranges {
            try each(
                """
                SELECT uid, is_seen, modseq FROM reader_message
                WHERE mailbox_id = ? AND account_id = ? AND uid BETWEEN ? AND ?
                """, .int(mailbox.rawValue), .int(reader.rawValue), .int(range.lowerBound), .int(range.upperBound)
            ) { try marks.add($0) }
        }
        return marks
    }

    /// How many messages a reader has seen, and the newest change of it; 0 for who has changed nothing.
    func readerState(of reader: AccountID, in mailbox: MailboxID) throws -> (seen: Int, modSeq: ModSeq) {
        let state = try first(
            "SELECT seen, modseq FROM reader WHERE mailbox_id = ? AND account_id = ?", .int(mailbox.rawValue),
            .int(reader.rawValue)
        ) { (seen: Int($0.int(0)), modSeq: ModSeq(UInt64(clamping: $0.int(1))) ?? .zero) }
        return state ?? (0, .zero)
    }

    fileprivate func readers(of mailbox: MailboxID) throws -> [AccountID] {
        var readers: [AccountID] = []
        try each("SELECT account_id FROM reader WHERE mailbox_id = ?", .int(mailbox.rawValue)) {
            readers.append(AccountID(rawValue: $0.int(0)))
        }
        return readers
    }
}

extension WriteOperation {
    /// The rows as the one who asks has them: a guest with their own \Seen.
    func shown(_ rows: [MessageRow], in mailbox: MailboxID) throws -> [MessageRow] {
        guard let guest, let first = rows.first, let last = rows.last else { return rows }
        let marks = try db.marks(
            of: guest, in: mailbox, UIDSet([first.entry.uid.rawValue...last.entry.uid.rawValue]))
        return rows.map { row in
            let entry = marks.shown(row.entry, in: effects.flagSets)
            return MessageRow(
                entry: entry, saveDate: row.saveDate, system: effects.flagSets[entry.flagSet].flags.system)
        }
    }

    /// Sets or clears \Seen of a reader on messages that are there and on which it is otherwise.
    mutating func setSeen(_ uids: [UID], _ isSeen: Bool, of reader: AccountID, in mailbox: MailboxID) throws {
        guard !uids.isEmpty else { return }
        let modSeq = try nextModSeq()
        let key: (SQLValue, SQLValue) = (.int(mailbox.rawValue), .int(reader.rawValue))
        try db.run(
            """
            INSERT INTO reader (mailbox_id, account_id, modseq, seen) VALUES (?, ?, ?, max(?4, 0))
            ON CONFLICT (mailbox_id, account_id) DO UPDATE SET modseq = excluded.modseq, seen = seen + ?4
            """, key.0, key.1, .int(modSeq.rawValue), .int(isSeen ? uids.count : -uids.count))
        for uid in uids {
            try db.run(
                """
                INSERT INTO reader_message (mailbox_id, account_id, uid, is_seen, modseq) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (mailbox_id, account_id, uid)
                DO UPDATE SET is_seen = excluded.is_seen, modseq = excluded.modseq
                """, key.0, key.1, .int(uid.rawValue), .int(isSeen ? 1 : 0), .int(modSeq.rawValue))
        }
        effects.changes.append(.seen(mailbox, reader, UIDSet(uids), isSeen, modSeq))
    }

    /// Copies stay seen by those who have seen the message and may read the target.
    mutating func copyMarks(
        of pairs: [(source: UID, destination: UID)], from source: MailboxID, to target: MailboxID
    ) throws {
        guard let first = pairs.first, let last = pairs.last else { return }
        let span = UIDSet([first.source.rawValue...last.source.rawValue])
        for reader in try db.readers(of: source) {
            let rights = try db.rights(of: reader, on: target)
            let isWithoutRight = reader == guest && !rights.contains(.seen)
            guard rights.isSuperset(of: [.lookup, .read]), !isWithoutRight else { continue }
            let marks = try db.marks(of: reader, in: source, span)
            let seen = pairs.filter { marks.isSeen($0.source) }.map(\.destination)
            try setSeen(seen, true, of: reader, in: target)
        }
    }

    /// What readers had of messages that go.
    func removeMarks(of uids: [UID], in mailbox: MailboxID) throws {
        for reader in try db.readers(of: mailbox) {
            var seen = 0
            for uid in uids {
                let wasSeen = try db.first(
                    """
                    DELETE FROM reader_message WHERE mailbox_id = ? AND account_id = ? AND uid = ? RETURNING is_seen
                    """, .int(mailbox.rawValue), .int(reader.rawValue), .int(uid.rawValue)
                ) { $0.int(0) != 0 }
                if wasSeen == true { seen += 1 }
            }
            guard seen > 0 else { continue }
            try db.run(
                "UPDATE reader SET seen = seen - ? WHERE mailbox_id = ? AND account_id = ?", .int(seen),
                .int(mailbox.rawValue), .int(reader.rawValue))
        }
    }

    /// For a mailbox without messages.
    func removeReaders(_ mailbox: MailboxID) throws {
        try db.run("DELETE FROM reader WHERE mailbox_id = ?", .int(mailbox.rawValue))
    }
}
