// FETCH in an account's file of an older schema: the same replies at once, while the background changes it, and after.

import IMAPSyntax
import Mail
import NIOCore
import Schema
import TestSupport
import Testing

@testable import IMAPServer
@testable import MailStore

@Suite struct OlderAccountTests {
    private static let messages: [String] = (1...70).map { number in
        switch number % 3 {
        case 0: Sample.message(number)
        case 1: "From: =?utf-8?q?J=C3=BCrgen?= <j\(number)@example.org>\r\nSubject: \"\\\r\n\r\ntext\r\n"
        default:
            "To: undisclosed:;\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\n\(number)\r\n"
                + "--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Language: de, en\r\n\r\n"
                + "<p>x</p>\r\n--b--\r\n"
        }
    }

    /// An account's file as it was with the first eight scripts, with the messages in INBOX.
    private func makeOlder(_ temporary: TemporaryStore, _ path: String) async throws {
        let account = try AccountStore(
            id: AccountID(rawValue: 1), path: path, readers: 1, compression: Compression())
        try await account.prepare()
        var new: [NewMessage] = []
        for message in Self.messages { new.append(try await temporary.message(message)) }
        _ = try await account.append(new, to: .inbox)
        try account.file.syncOnWriter { db in
            try db.run("ALTER TABLE mailbox DROP COLUMN tombstones_since")
            try db.run("DROP TABLE outline_group")
            try db.run("ALTER TABLE search_state DROP COLUMN emptied_groups")
            try db.run("ALTER TABLE search_state DROP COLUMN outline_groups")
            try db.run("DELETE FROM grdb_migrations WHERE identifier >= 'V009'")
        }
        let steps = Array(SchemaScripts.account.prefix(8))
        let older = try DatabaseFile(path: path + "-schema", steps: steps, readers: 1)
        #expect(try Self.schema(of: account.file) == Self.schema(of: older))
        older.close()
        account.close()
    }

    private static func schema(of file: DatabaseFile) throws -> [String] {
        try file.syncOnWriter { db in
            var found: [String] = []
            try db.each("SELECT name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY name") { row in
                found.append(row.text(0))
            }
            return found
        }
    }

    /// What the older version answered, by its own rule: each column as it is.
    private func olderReplies(_ path: String) throws -> [String] {
        let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(8)), readers: 1)
        defer { file.close() }
        return try file.syncOnWriter { db in
            var found: [String] = []
            try db.each(
                """
                SELECT uid, envelope, body_structure FROM message JOIN body ON body.id = body_id ORDER BY uid
                """
            ) { row in
                let (envelope, structure) = (row.blob(1), row.blob(2))
                let short = String(decoding: MessageParser.bodyWithoutExtensions(structure), as: UTF8.self)
                found.append(
                    "* \(row.int(0)) FETCH (ENVELOPE \(String(decoding: envelope, as: UTF8.self)) BODYSTRUCTURE "
                        + "\(String(decoding: structure, as: UTF8.self)) BODY \(short))\r\n")
            }
            return found
        }
    }

    private func replies(_ account: AccountStore) async throws -> String {
        let snapshot = try await account.view(of: .inbox).current
        var targets: [FetchTarget] = []
        snapshot.forEach(in: 0..<snapshot.count) { index, entry in
            targets.append(
                FetchTarget(number: UInt32(index + 1), entry: entry, isRecent: false, becomesSeen: false))
        }
        let all = MessageSet<SequenceNumber>([.init(.last, .last)])
        let fetch = Fetch(messages: .sequence(all), items: [.envelope, .bodyStructure, .body])
        let encoder = FetchEncoder(
            plan: FetchPlan(fetch, []), targets: targets, flagSets: snapshot.flagSets,
            account: account.id, mailbox: snapshot.mailboxID)
        var job = FetchJob(encoder: encoder)
        while !job.progress.isDone { job = try await job.advanced(in: account) }
        return String(buffer: job.progress.writer.buffer)
    }

    @Test("a file of V008 gives the same replies, byte for byte, whatever the background has done")
    func outlines() async throws {
        try await TemporaryStore.with { temporary in
            let path = temporary.path + "/older.db"
            try await makeOlder(temporary, path)
            let before = try olderReplies(path).joined()
            #expect(before.count > 70 * 200)
            let account = try AccountStore(
                id: AccountID(rawValue: 1), path: path, readers: 1, compression: Compression())
            #expect(try await replies(account) == before)
            while try await account.makeSomeGroups() { #expect(try await replies(account) == before) }
            let rows = try await account.file.read { try $0.count("SELECT count(*) FROM body WHERE envelope != x''") }
            #expect(rows == 7)
            #expect(try await replies(account) == before)
            #expect(try await account.checkIntegrity().problems == [])
            account.close()
        }
    }
}
