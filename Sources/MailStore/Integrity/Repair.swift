// `martlet check --repair`: makes anew what follows from the rest, and nothing else.
//
// Theory. A count follows from the rows, a UIDNEXT from the UIDs that there are (tombstones keep those that are gone),
// an index from its table, and whatever was computed from a message from its bytes. Such things are made anew where a
// check finds them wrong. A message's bytes, which message a body belongs to, a UIDVALIDITY: these follow from nothing,
// and are left as they are for a person to see. Repairing happens where no server runs: what it has in memory would not
// learn of it. A file that has lost what was acknowledged (`FileMark`) is taken as it is, since somebody says so by
// repairing: its numbers go far ahead, as after a restore, so that none is given twice.

import GRDB
import Mail

/// What a repair has come to.
package struct RepairOutcome: Sendable {
    /// As the check found it.
    package let before: IntegrityReport
    /// As it is now.
    package let after: IntegrityReport

    /// What was wrong and is not any more.
    package var repaired: [String] {
        let left = Set(after.problems)
        return before.problems.filter { !left.contains($0) }
    }
}

extension Store {
    /// Checks everything and makes anew what can be. An account in which nothing is wrong is not touched.
    /// - Throws: `.refused` unless the store is open as the server has it.
    package func repair() async throws(StoreError) -> RepairOutcome {
        guard isExclusive else { throw .refused(reason: "a repair needs the server to be stopped") }
        let before = try await checkIntegrity()
        guard !before.isClean else { return RepairOutcome(before: before, after: before) }
        try await directory.repair()
        for id in try await directory.file.read({ try $0.accountIDs() }) { try? await repair(id) }
        return RepairOutcome(before: before, after: try await checkIntegrity())
    }

    /// What cannot be repaired because it cannot be read stays a problem of the check's.
    private func repair(_ id: AccountID) async throws(StoreError) {
        let account = try await account(id)
        try await account.settleLoss()
        if try await !account.checkIntegrity().isClean { try await account.repair() }
        for grantee in try await account.grantees() { try await directory.noteShare(id, grantee) }
    }
}

extension Directory {
    /// Its indices; everything else in it is what somebody said.
    fileprivate func repair() async throws(StoreError) {
        if file.loss != nil {
            try await moveNumbersAhead()
            try file.settleLoss()
        }
        let isDamaged = try await file.read { try $0.hasDamagedIndex() }
        if isDamaged { try await note { try $0.run("REINDEX") } }
    }
}

extension AccountStore {
    /// So far ahead go the numbers of a file of which nobody knows how old it is: a month.
    private static let lossGap = RestoredGap(seconds: 30 * 86_400)

    fileprivate func settleLoss() async throws(StoreError) {
        guard let lost = file.loss else { return }
        try await moveNumbersAhead(Self.lossGap, beyond: GivenNumbers(modSeq: lost.counter))
        try file.settleLoss()
    }

    fileprivate func repair() async throws(StoreError) {
        let isDamaged = try await file.read { try $0.hasDamagedIndex() }
        if isDamaged { try await write { try $0.db.run("REINDEX") } }
        let mustRefill = try await isSearchIndexWrong()
        let haveTextsChanged = try await repairBodies()
        try await write { operation in
            try operation.repairNumbers()
            try operation.repairMailboxes()
            try operation.repairCounts()
        }
        if try await areGroupsWrong() { try await rebuildGroups() }
        if mustRefill || haveTextsChanged { try await refillSearchIndex() }
    }

    /// An index that is large takes hours to be made anew; what it was made of has nothing to do with counts.
    private func isSearchIndexWrong() async throws(StoreError) -> Bool {
        guard try await searchIndexDamage(in: "").isEmpty else { return true }
        let compression = compression
        return try await file.read(isLong: true) { db in
            let gaps = try AccountReader(db: db, compression: compression).searchIndexGaps(in: "")
            return try !gaps.isEmpty || !db.problems(SearchRules.index, in: "").isEmpty
        }
    }

    private func areGroupsWrong() async throws(StoreError) -> Bool {
        let compression = compression
        return try await file.read(isLong: true) { db in
            let reader = AccountReader(db: db, compression: compression)
            return try !reader.headerGroupProblems(in: "").isEmpty || !reader.outlineProblems(in: "").isEmpty
        }
    }

    /// What was computed from messages whose bytes are there.
    /// - Returns: whether messages can be read that could not before.
    private func repairBodies() async throws(StoreError) -> Bool {
        let compression = compression
        let bodies = try await file.read(isLong: true) { db in
            try AccountReader(db: db, compression: compression).bodiesToRepair()
        }
        var isAnyReadAgain = false
        for body in bodies {
            let isReadAgain = try await write { operation in
                try operation.repair(body, AccountReader(db: operation.db, compression: compression))
            }
            isAnyReadAgain = isAnyReadAgain || isReadAgain
        }
        return isAnyReadAgain
    }
}

extension Database {
    fileprivate func hasDamagedIndex() throws -> Bool {
        var isDamaged = false
        try each("PRAGMA integrity_check") { row in isDamaged = isDamaged || row.text(0).contains("index") }
        return isDamaged
    }
}

extension AccountReader {
    /// Bodies of which something is missing or cannot be read that follows from their bytes.
    fileprivate func bodiesToRepair() throws -> [BodyID] {
        var found: Set<BodyID> = []
        try db.each(
            """
            SELECT body.id FROM body JOIN search_state
            WHERE (NOT EXISTS (SELECT 1 FROM sort_key WHERE body_id = body.id)
            OR NOT EXISTS (SELECT 1 FROM thread_member WHERE body_id = body.id))
            AND NOT body.id BETWEEN keys_from AND keys_until
            """
        ) { found.insert(BodyID(rawValue: $0.int(0))) }
        var all: [BodyID] = []
        try db.each("SELECT id FROM body") { all.append(BodyID(rawValue: $0.int(0))) }
        for body in all where (try? parts(of: body)) == nil { found.insert(body) }
        return found.sorted()
    }

    /// The message parsed again; nil unless all of its bytes are there.
    fileprivate func parsedAgain(_ body: BodyID) throws -> ParsedMessage? {
        guard let size = try? size(of: body).size, let bytes = try? message(body), bytes.count == size else {
            return nil
        }
        var parser = MessageParser()
        parser.consume(bytes)
        return parser.finish()
    }
}

extension WriteOperation {
    /// - Returns: whether its parts can be read again.
    fileprivate mutating func repair(_ body: BodyID, _ reader: AccountReader) throws -> Bool {
        guard let parsed = try reader.parsedAgain(body) else { return false }
        let id = SQLValue.int(body.rawValue)
        let isUnreadable = (try? reader.parts(of: body)) == nil
        if isUnreadable {
            try db.run(
                """
                UPDATE body SET header_size = ?, sent_date = ?, message_id = ?, envelope = ?, body_structure = ?,
                parts = ?, preview = NULL WHERE id = ?
                """, .int(parsed.headerSize), .optional(parsed.sentDate?.packed), .optional(parsed.messageID),
                .blob(parsed.envelope), .blob(parsed.bodyStructure), .blob(parsed.parts.encoded), id)
        }
        // A thread that is known stays: its id was told to clients.
        let isThreaded = try db.first("SELECT 1 FROM thread_member WHERE body_id = ?", id) { _ in true } ?? false
        try db.run("DELETE FROM sort_key WHERE body_id = ?", id)
        try insertSortKeys(parsed.summary, of: body)
        if !isThreaded { try insertThread(parsed.summary, of: body) }
        return isUnreadable
    }

    /// Counters that must be above what they have given out.
    fileprivate func repairNumbers() throws {
        try db.run(
            """
            UPDATE mailbox SET
            uid_next = max(uid_next, 1 + coalesce((SELECT max(uid) FROM message WHERE mailbox_id = mailbox.id), 0),
                1 + coalesce((SELECT max(uid) FROM tombstone WHERE mailbox_id = mailbox.id), 0)),
            modseq = max(modseq, coalesce((SELECT max(modseq) FROM message WHERE mailbox_id = mailbox.id), 0),
                coalesce((SELECT max(modseq) FROM tombstone WHERE mailbox_id = mailbox.id), 0))
            """)
        try db.run(
            """
            UPDATE account_state SET
            modseq = max(modseq, coalesce((SELECT max(modseq) FROM mailbox), 0)),
            last_uid_validity = max(last_uid_validity, coalesce((SELECT max(uid_validity) FROM mailbox), 0))
            """)
        try db.run(
            """
            UPDATE search_state SET indexed_to = 0
            WHERE indexed_to > coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'body'), 0)
            """)
    }

    fileprivate mutating func repairMailboxes() throws {
        if try find(.inbox) == nil { _ = try create(.inbox) }
        var names: [MailboxName] = []
        try db.each("SELECT name FROM mailbox WHERE deleted_at IS NULL ORDER BY name") {
            names.append(try MailboxName(stored: $0.text(0)))
        }
        for name in names { try createAncestors(of: name) }
        try db.run("DELETE FROM acl WHERE mailbox_id IN (SELECT id FROM mailbox WHERE deleted_at IS NOT NULL)")
    }

    /// A message's size where all of its bytes are there, and what is counted from the messages.
    fileprivate func repairCounts() throws {
        try db.run(
            """
            UPDATE message SET size = (SELECT size FROM body WHERE id = body_id)
            WHERE size != (SELECT size FROM body WHERE id = body_id AND size = (
                SELECT coalesce(sum(size), 0) FROM body_chunk
                WHERE body_chunk.id BETWEEN body.id << 16 AND (body.id << 16) + 65535))
            """)
        try db.run(
            """
            UPDATE mailbox SET (messages, unseen, deleted, size) = (
                SELECT count(*), coalesce(sum(f.system & 8 = 0), 0), coalesce(sum(f.system & 4 != 0), 0),
                coalesce(sum(m.size), 0) FROM message m JOIN flag_set f ON f.id = m.flag_set
                WHERE m.mailbox_id = mailbox.id)
            """)
        try db.run("UPDATE account_state SET used_bytes = (SELECT coalesce(sum(size), 0) FROM message)")
    }
}
