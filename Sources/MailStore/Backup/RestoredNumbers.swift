// The numbers of an account that was restored: those that may have been given out after the backup are not given out
// again.
//
// Theory. The messages of a backup keep their UIDs and their mailboxes UIDVALIDITY, so that clients know them still
// (RFC 3501 §2.3.1.1). But between the backup and the loss the server has told clients of more: UIDs of messages that
// are gone, and higher mod-sequences. A UID that meant another message must never come again, so UIDNEXT goes far
// ahead; so do the ids behind EMAILID and MAILBOXID (RFC 8474), and the MODSEQ of every message, so that whoever
// synchronises by it hears of all flags as they are now (RFC 7162); what came after the backup has left no tombstones,
// so that they hear of every UID that is not there (`Vanished.swift`). How far depends on the time as well, so that a
// backup which is restored twice goes beyond what the server gave out in between; and where the file that is replaced
// can still be read, it is beyond that one's numbers in any case.

import GRDB
import Mail

extension Directory {
    /// Moves the counter of account ids ahead: accounts that were made after the backup had ids of their own, which
    /// others may remember.
    package func moveNumbersAhead() async throws(StoreError) {
        try await note { try $0.moveAhead("account", by: 1 << 10) }
    }
}

/// How far numbers go ahead: more than an account gives out in the time.
struct RestoredGap {
    let uids: Int64
    let bodies: Int64
    let modSeq: Int64
    let mailboxes: Int64 = 1 << 10

    /// - Parameter seconds: since the backup.
    init(seconds: Int64) {
        let time = min(max(seconds, 0), 1 << 28)
        uids = (1 << 20) + 8 * time
        bodies = (1 << 16) + time / 64
        modSeq = (1 << 32) + (time << 10)
    }
}

/// What a file has given out so far.
struct GivenNumbers: Sendable {
    var modSeq: Int64
    var uidValidity: Int64
    /// By UIDVALIDITY.
    var uidNext: [Int64: Int64] = [:]
    /// By table.
    var ids: [String: Int64] = [:]

    init(modSeq: Int64) {
        self.modSeq = modSeq
        uidValidity = 0
    }

    init(_ db: Database) throws {
        (modSeq, uidValidity) =
            try db.first("SELECT modseq, last_uid_validity FROM account_state WHERE id = 1") {
                ($0.int(0), $0.int(1))
            } ?? (0, 0)
        try db.each("SELECT uid_validity, uid_next FROM mailbox") { uidNext[$0.int(0)] = $0.int(1) }
        try db.each("SELECT name, seq FROM sqlite_sequence") { ids[$0.text(0)] = $0.int(1) }
    }
}

extension AccountStore {
    /// Moves every counter ahead, all in one transaction. A mailbox without so many UIDs left gets a new UIDVALIDITY.
    /// For a file that nobody uses yet: no view hears of it.
    /// - Parameter seconds: since the backup was made.
    package func moveNumbersAhead(secondsSinceBackup seconds: Int64) async throws(StoreError) {
        try await moveNumbersAhead(RestoredGap(seconds: seconds), beyond: nil)
    }

    /// - Parameter given: by the file that this one replaces.
    func moveNumbersAhead(_ gap: RestoredGap, beyond given: GivenNumbers?) async throws(StoreError) {
        try await write { operation in
            if let given { try operation.catchUp(with: given) }
            try operation.moveMessagesAhead(gap)
            try operation.moveUIDsAhead(gap)
            try operation.db.moveAhead("body", by: gap.bodies)
            try operation.db.moveAhead("mailbox", by: gap.mailboxes)
        }
    }
}

extension WriteOperation {
    fileprivate func catchUp(with given: GivenNumbers) throws {
        try db.run(
            "UPDATE account_state SET modseq = max(modseq, ?), last_uid_validity = max(last_uid_validity, ?)",
            .int(given.modSeq), .int(given.uidValidity))
        for (validity, next) in given.uidNext {
            try db.run(
                "UPDATE mailbox SET uid_next = max(uid_next, ?) WHERE uid_validity = ?", .int(next), .int(validity))
        }
        for (table, id) in given.ids {
            try db.moveAhead(table, to: id)
        }
    }

    fileprivate mutating func moveMessagesAhead(_ gap: RestoredGap) throws {
        try db.run("UPDATE account_state SET modseq = modseq + ? WHERE id = 1", .int(gap.modSeq))
        let modSeq = SQLValue.int(try nextModSeq().rawValue)
        try db.run("UPDATE message SET modseq = ?", modSeq)
        // A deleted mailbox's MODSEQ tells which tombstones are the deletion's own.
        try db.run("UPDATE mailbox SET modseq = ? WHERE deleted_at IS NULL", modSeq)
        try db.run("UPDATE mailbox SET tombstones_since = ?", modSeq)
    }

    fileprivate func moveUIDsAhead(_ gap: RestoredGap) throws {
        var full: [Int64] = []
        try db.each(
            "SELECT id FROM mailbox WHERE uid_next + ? > 4294967296 AND deleted_at IS NULL", .int(gap.uids)
        ) { full.append($0.int(0)) }
        for id in full {
            let validity = try nextUIDValidity()
            try db.run("UPDATE mailbox SET uid_validity = ? WHERE id = ?", .int(validity.rawValue), .int(id))
        }
        try db.run("UPDATE mailbox SET uid_next = uid_next + ?1 WHERE uid_next + ?1 <= 4294967296", .int(gap.uids))
    }
}

extension Database {
    /// The counter of a table's keys.
    fileprivate func moveAhead(_ table: String, by gap: Int64) throws {
        let last = try first("SELECT seq FROM sqlite_sequence WHERE name = ?", .text(table)) { $0.int(0) } ?? 0
        try moveAhead(table, to: last + gap)
    }

    fileprivate func moveAhead(_ table: String, to id: Int64) throws {
        try run("UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?", .int(id), .text(table))
        guard changesCount == 0 else { return }
        // It has a row only once there was one in the table.
        try run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", .text(table), .int(id))
    }
}
