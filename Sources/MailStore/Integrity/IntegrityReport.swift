// `Store.checkIntegrity`: whether every row is what the others say of it. What `martlet check` runs, and every test.

import GRDB
import Mail
import NIOCore

/// What a check found.
package struct IntegrityReport: Sendable {
    /// Each in words, with the file and the values.
    package var problems: [String] = []
    package var accounts = 0
    package var mailboxes = 0
    package var messages = 0

    package init() {}
    package var isClean: Bool { problems.isEmpty }

    mutating func add(_ other: IntegrityReport) {
        problems += other.problems
        accounts += other.accounts
        mailboxes += other.mailboxes
        messages += other.messages
    }
}

extension Store {
    /// Checks the directory and every account. Changes nothing; each file in one consistent state. A file that cannot
    /// be opened or read is one problem.
    package func checkIntegrity() async throws(StoreError) -> IntegrityReport {
        var report = IntegrityReport()
        let (problems, accounts) = try await directory.file.read { db in
            (try db.directoryProblems(), try db.accountIDs())
        }
        report.problems += problems + directory.file.lossProblems
        for id in accounts {
            report.accounts += 1
            do throws(StoreError) {
                report.add(try await account(id).checkIntegrity())
                report.problems += try await shareProblems(id)
            } catch {
                report.problems.append("\(DatabaseKind.account(id).path): \(error.explanation)")
            }
        }
        return report
    }
}

extension AccountStore {
    package func checkIntegrity() async throws(StoreError) -> IntegrityReport {
        let name = "accounts/\(id).db"
        let compression = compression
        let damage = try await searchIndexDamage(in: name)
        return try await file.read { [file] db in
            var report = try AccountReader(db: db, compression: compression).integrityReport(in: name)
            report.problems += damage + file.lossProblems
            return report
        }
    }
}

extension DatabaseFile {
    /// What it has lost before it was opened.
    fileprivate var lossProblems: [String] { loss.map { [$0.problem] } ?? [] }
}

extension AccountReader {
    /// All that can be looked at without writing.
    func integrityReport(in name: String) throws -> IntegrityReport {
        var report = IntegrityReport()
        report.problems += try db.structureProblems(in: name)
        report.mailboxes = try Int(db.count("SELECT count(*) FROM mailbox WHERE deleted_at IS NULL"))
        report.messages = try Int(db.count("SELECT count(*) FROM message"))
        report.problems += try db.problems(AccountRules.all + SearchRules.all + SharingRules.all, in: name)
        try db.checkBodies(in: name, self, &report)
        report.problems += try searchIndexGaps(in: name)
        report.problems += try headerGroupProblems(in: name)
        report.problems += try outlineProblems(in: name)
        return report
    }
}

/// A statement that returns one text for each row that breaks a rule.
struct IntegrityRule: Sendable {
    let rule: String
    let sql: StaticString
}

/// What must be true of every account's file.
enum AccountRules {
    static let all = [
        IntegrityRule(
            rule: "a mailbox's counts are those of its messages",
            sql: """
                SELECT m.name FROM mailbox m LEFT JOIN (
                    SELECT mailbox_id, count(*) AS messages, sum(f.system & 8 = 0) AS unseen,
                    sum(f.system & 4 != 0) AS deleted, sum(size) AS size
                    FROM message JOIN flag_set f ON f.id = flag_set GROUP BY mailbox_id
                ) c ON c.mailbox_id = m.id
                WHERE m.messages != coalesce(c.messages, 0) OR m.unseen != coalesce(c.unseen, 0)
                OR m.deleted != coalesce(c.deleted, 0) OR m.size != coalesce(c.size, 0)
                """),
        IntegrityRule(
            rule: "every UID lies below its mailbox's UIDNEXT",
            sql: """
                SELECT m.name || ' UID ' || x.uid FROM mailbox m
                JOIN (SELECT mailbox_id, uid FROM message UNION ALL SELECT mailbox_id, uid FROM tombstone) x
                ON x.mailbox_id = m.id WHERE x.uid >= m.uid_next
                """),
        IntegrityRule(
            rule: "no UID is a message's and a tombstone's",
            sql: """
                SELECT mailbox_id || ' UID ' || uid FROM message JOIN tombstone USING (mailbox_id, uid)
                """),
        IntegrityRule(
            rule: "no MODSEQ is above its mailbox's, and none of those above the account's",
            sql: """
                SELECT m.name || ' MODSEQ ' || x.modseq FROM mailbox m
                JOIN (SELECT mailbox_id, modseq FROM message UNION ALL SELECT mailbox_id, modseq FROM tombstone) x
                ON x.mailbox_id = m.id WHERE x.modseq > m.modseq
                UNION ALL SELECT name || ' MODSEQ ' || modseq FROM mailbox
                WHERE modseq > (SELECT modseq FROM account_state WHERE id = 1)
                """),
        IntegrityRule(
            rule: "UIDVALIDITY was given out by the account's counter, each once",
            sql: """
                SELECT name || ' UIDVALIDITY ' || uid_validity FROM mailbox
                WHERE uid_validity > (SELECT last_uid_validity FROM account_state WHERE id = 1)
                UNION ALL SELECT min(name) || ' UIDVALIDITY ' || uid_validity FROM mailbox
                GROUP BY uid_validity HAVING count(*) > 1
                """),
        IntegrityRule(
            rule: "the account's used bytes are the sum of its messages' sizes",
            sql: """
                SELECT used_bytes || ' instead of ' || (SELECT coalesce(sum(size), 0) FROM message)
                FROM account_state WHERE used_bytes != (SELECT coalesce(sum(size), 0) FROM message)
                """),
        IntegrityRule(
            rule: "a message has its body's size",
            sql: """
                SELECT mailbox_id || ' UID ' || uid FROM message JOIN body ON body.id = body_id
                WHERE body.size != message.size
                """),
        IntegrityRule(
            rule: "every body is some message's or tombstone's",
            sql: """
                SELECT id FROM body WHERE NOT EXISTS (SELECT 1 FROM message WHERE body_id = body.id)
                AND NOT EXISTS (SELECT 1 FROM tombstone WHERE body_id = body.id)
                """),
        IntegrityRule(
            rule: "every chunk is some body's",
            sql: "SELECT id FROM body_chunk WHERE NOT EXISTS (SELECT 1 FROM body WHERE body.id = body_chunk.id >> 16)"),
        IntegrityRule(
            rule: "a body's chunks have its size together",
            sql: """
                SELECT b.id FROM body b WHERE size != (
                    SELECT coalesce(sum(size), 0) FROM body_chunk
                    WHERE body_chunk.id BETWEEN b.id << 16 AND (b.id << 16) + 65535)
                """),
        IntegrityRule(
            rule: "a deleted mailbox holds no messages",
            sql: """
                SELECT name FROM mailbox WHERE deleted_at IS NOT NULL
                AND EXISTS (SELECT 1 FROM message WHERE mailbox_id = mailbox.id)
                """),
        IntegrityRule(
            rule: "a deleted mailbox is shared with nobody",
            sql: """
                SELECT name FROM mailbox WHERE deleted_at IS NOT NULL
                AND EXISTS (SELECT 1 FROM acl WHERE mailbox_id = mailbox.id)
                """),
        IntegrityRule(
            rule: "every mailbox lies below one that exists, and INBOX exists",
            sql: """
                SELECT 'INBOX' WHERE NOT EXISTS (SELECT 1 FROM mailbox WHERE name = 'INBOX' AND deleted_at IS NULL)
                UNION ALL SELECT name FROM (
                    SELECT name, rtrim(rtrim(name, replace(name, '/', '')), '/') AS parent FROM mailbox
                    WHERE deleted_at IS NULL AND instr(name, '/') > 0
                ) WHERE NOT EXISTS (SELECT 1 FROM mailbox m WHERE m.name = parent AND m.deleted_at IS NULL)
                """),
    ]
}

extension Database {
    func count(_ sql: StaticString) throws -> Int64 { try first(sql) { $0.int(0) } ?? 0 }

    /// SQLite's own checks.
    func structureProblems(in file: String) throws -> [String] {
        var problems: [String] = []
        try each("PRAGMA integrity_check") { row in
            if row.text(0) != "ok" { problems.append("\(file): \(row.text(0))") }
        }
        try each("PRAGMA foreign_key_check") { row in
            problems.append("\(file): row \(row.int(1)) of \(row.text(0)) refers to a missing row of \(row.text(2))")
        }
        return problems
    }

    func problems(_ rules: [IntegrityRule], in file: String) throws -> [String] {
        var problems: [String] = []
        for rule in rules {
            try each(rule.sql) { problems.append("\(file): \(rule.rule): not so for \($0.text(0))") }
        }
        return problems
    }

    /// Reads every chunk back and decodes every part index.
    fileprivate func checkBodies(in file: String, _ reader: AccountReader, _ report: inout IntegrityReport) throws {
        var bodies: [(id: BodyID, size: Int)] = []
        try each("SELECT id, size FROM body") { bodies.append((BodyID(rawValue: $0.int(0)), Int($0.int(1)))) }
        for body in bodies {
            do {
                _ = try reader.parts(of: body.id)
                var start = 0
                while start < body.size {
                    var buffer = reader.emptyBuffer()
                    let end = min(start + ChunkLayout.size, body.size)
                    try reader.bytes(of: body.id, range: start..<end, into: &buffer)
                    guard buffer.readableBytes == end - start else { throw StoreError.messageGone }
                    start = end
                }
            } catch {
                let failure = StoreError(error, doing: "read body \(body.id)")
                report.problems.append("\(file): body \(body.id): \(failure.explanation)")
            }
        }
    }
}

extension AccountReader {
    fileprivate func emptyBuffer() -> ByteBuffer { ByteBufferAllocator().buffer(capacity: ChunkLayout.size) }
}
