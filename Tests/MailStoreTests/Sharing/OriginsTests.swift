// EMAILID and THREADID of what was copied from account to account (RFC 8474 §5).

import GRDB
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct OriginsTests {
    /// A message with its place in a thread: `id` answers `parent`.
    private func message(_ house: SharedHouse, _ id: String, answering parent: String? = nil) async throws -> NewMessage
    {
        let references = parent.map { "References: <\($0)@x>\r\n" } ?? ""
        return try await house.temporary.message("Message-ID: <\(id)@x>\r\n\(references)Subject: s\r\n\r\n\(id)")
    }

    /// Under what the messages of a mailbox are known, in their order.
    private func origins(_ account: AccountStore, _ name: MailboxName) async throws -> [MessageOrigin?] {
        let view = try await account.view(of: name).current
        let bodies = (0..<view.count).map { view[$0].bodyID }
        let id = account.id
        return try await account.read { reader in try bodies.map { try reader.origin(of: $0, in: id) } }
    }

    private func copy(
        _ house: SharedHouse, _ uids: UIDSet, to team: Bool, moving: Bool = false
    ) async throws {
        let (source, target) = team ? (house.alice, house.guest) : (house.guest, house.alice)
        let (from, to) = team ? (MailboxName.inbox, house.team) : (house.team, .inbox)
        let id = try await source.view(of: from).mailboxID
        if moving {
            _ = try await house.store.move(uids, from: id, of: source, to: to, of: target)
        } else {
            _ = try await house.store.copy(uids, from: id, of: source, to: to, of: target)
        }
    }

    @Test("copies and moves keep both, there and back again", arguments: [false, true])
    func thereAndBack(moving: Bool) async throws {
        try await SharedHouse.with("lriswte") { house in
            // Bob's keys are not Alice's.
            try await house.fill(3)
            _ = try await house.alice.append(
                [try await message(house, "a"), try await message(house, "b", answering: "a")], to: .inbox)
            let before = try await origins(house.alice, .inbox)
            #expect(before[0]?.thread == before[1]?.thread && before[0]?.email != before[1]?.email)
            try await copy(house, .all, to: true, moving: moving)
            #expect(Array(try await origins(house.bob, house.team).suffix(2)) == before)
            try await copy(house, UIDSet([4...5]), to: false, moving: moving)
            #expect(Array(try await origins(house.alice, .inbox).suffix(2)) == before)
            let found = try await house.bob.read { [id = house.bob.id] reader in
                try reader.bodies(try #require(before[0]).email, in: id)
            }
            #expect(found == [BodyID(rawValue: 4)])
            let back = try await house.alice.read { [id = house.alice.id] reader in
                try reader.bodies(try #require(before[0]).email, in: id)
            }
            #expect(back == [BodyID(rawValue: 1), BodyID(rawValue: 3)])
            // Nothing is known by the keys that its copies have here.
            let none = try await house.bob.read { [id = house.bob.id] reader in
                try reader.bodies(EmailID(account: id, body: BodyID(rawValue: 4)), in: id)
            }
            #expect(none.isEmpty)
        }
    }

    @Test func answersBelongToTheThreadThatTheCopyBegan() async throws {
        try await SharedHouse.with("lri") { house in
            _ = try await house.alice.append([try await message(house, "a")], to: .inbox)
            try await copy(house, .all, to: true)
            _ = try await house.bob.append([try await message(house, "b", answering: "a")], to: house.team)
            let told = try await origins(house.bob, house.team)
            #expect(told[0]?.thread == told[1]?.thread && told[1]?.thread.account == house.alice.id)
            #expect(told[1]?.email.account == house.bob.id)
            // The answer is Bob's own and knows Alice's thread: to her it is what it is to him.
            try await copy(house, UIDSet([2...2]), to: false)
            let back = try await origins(house.alice, .inbox)
            #expect(back[1] == told[1] && back[1]?.thread == back[0]?.thread)
            // Purged at last, it leaves the others where they were.
            let id = try await house.bob.view(of: house.team).mailboxID
            _ = try await house.bob.storeFlags(UIDSet([1...1]), in: id, .add(Flags(.deleted)))
            _ = try await house.bob.expunge(in: id)
            _ = try await house.bob.purge(expungedBefore: .max)
            _ = try await house.bob.append([try await message(house, "c", answering: "b")], to: house.team)
            #expect(try await origins(house.bob, house.team).map { $0?.thread } == [told[0]?.thread, told[0]?.thread])
        }
    }

    @Test("a copy that joins a thread of the other account keeps its own all the same (RFC 8474 §5.2)")
    func joiningAThread() async throws {
        try await SharedHouse.with("lri") { house in
            _ = try await house.alice.append([try await message(house, "a")], to: .inbox)
            _ = try await house.bob.append([try await message(house, "a")], to: house.team)
            _ = try await house.alice.append([try await message(house, "b", answering: "a")], to: .inbox)
            try await copy(house, UIDSet([2...2]), to: true)
            let (alices, bobs) = (try await origins(house.alice, .inbox), try await origins(house.bob, house.team))
            #expect(bobs[1] == alices[1] && bobs[0]?.thread.account == house.bob.id)
            #expect(bobs[0]?.email.account == house.bob.id)
        }
    }

    @Test func messagesFromBeforeThreadsGetThemFirst() async throws {
        try await SharedHouse.with("lri") { house in
            _ = try await house.alice.append([try await message(house, "a")], to: .inbox)
            try await ThreadsTests.forget(house.alice)
            try await copy(house, .all, to: true)
            let told = try await origins(house.bob, house.team)
            #expect(told.count == 1 && told[0]?.thread.account == house.alice.id)
            #expect(told == (try await origins(house.alice, .inbox)))
        }
    }

    @Test func aFileOfTheFifthSchemaOpensWithItsMail() async throws {
        try await TemporaryStore.with { temporary in
            let id = try await temporary.account().id
            let path = temporary.path + "/older.db"
            try OlderFile.make(path, steps: 5)
            let account = try AccountStore(id: id, path: path, readers: 1, compression: Compression())
            #expect(try await account.checkIntegrity().problems == [])
            let inbox = try await account.view(of: .inbox)
            #expect(inbox.current.count == 2)
            let origin = try await account.read { try $0.origin(of: BodyID(rawValue: 2), in: id) }
            #expect(origin?.email == EmailID(account: id, body: BodyID(rawValue: 2)))
            #expect(origin?.thread == ThreadName(account: id, thread: ThreadID(rawValue: 1)))
            let gone = try await account.vanished(from: inbox.mailboxID, since: try #require(ModSeq(1)), among: .all)
            #expect(gone == UIDSet([1...1]))
            account.close()
        }
    }

    @Test("what vanished is looked up, not searched for")
    func tombstonesHaveAnIndex() async throws {
        try await TemporaryStore.with { temporary in
            let plan = try await temporary.account().read { reader in
                var lines: [String] = []
                try reader.db.each(
                    "EXPLAIN QUERY PLAN SELECT uid FROM tombstone WHERE mailbox_id = 1 AND modseq > 1"
                ) { lines.append($0.text(3)) }
                return lines.joined()
            }
            #expect(plan.contains("COVERING INDEX tombstone_modseq"), "\(plan)")
        }
    }
}

/// An account's file as an earlier release left it: two messages, of which the second answers the first, and one that
/// was expunged.
enum OlderFile {
    static let texts = [
        "Message-ID: <a@x>\r\nSubject: s\r\n\r\n1", "Message-ID: <b@x>\r\nReferences: <a@x>\r\nSubject: Re: s\r\n\r\n2",
    ]

    /// - Parameter steps: the schema's, from the fifth on.
    static func make(_ path: String, steps: Int) throws {
        let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(steps)), readers: 1)
        try file.syncOnWriter { db in
            try db.execute(
                sql: """
                    INSERT INTO mailbox (name, uid_validity, uid_next, first_recent, modseq, messages, unseen, created)
                    VALUES ('INBOX', 1, 4, 1, 3, 2, 1, 0);
                    UPDATE account_state SET last_uid_validity = 1, modseq = 3;
                    INSERT INTO flag_set (id, system, keywords) VALUES (1, 0, ''), (2, 8, '')
                    """)
            for (index, text) in texts.enumerated() { try insert(text, number: index + 1, db) }
            try db.execute(
                sql: """
                    INSERT INTO tombstone VALUES (1, 1, 3, 1, 0, 0, 1, NULL, 0);
                    UPDATE mailbox SET size = (SELECT sum(size) FROM message);
                    UPDATE account_state SET used_bytes = (SELECT sum(size) FROM message);
                    UPDATE search_state SET keys_from = 1, keys_until = 0
                    """)
        }
        file.close()
    }

    private static func insert(_ text: String, number: Int, _ db: Database) throws {
        let parsed = MessageParser.parse(Array(text.utf8))
        let id = SQLValue.int(number)
        try db.run(
            """
            INSERT INTO body (id, size, header_size, sent_date, message_id, envelope, body_structure, parts, preview)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, id, .int(parsed.size), .int(parsed.headerSize), .optional(parsed.sentDate?.packed),
            .optional(parsed.messageID), .blob(parsed.envelope), .blob(parsed.bodyStructure),
            .blob(parsed.parts.encoded), .text("x"))
        try db.run(
            "INSERT INTO body_chunk (id, encoding, size, data) VALUES (?, 0, ?, ?)", .int(number << 16),
            .int(parsed.size), .blob(Array(text.utf8)))
        try db.run(
            "INSERT INTO sort_key VALUES (?, x'73', 0, x'', x'', x'', x'', x'')", id)
        try db.run("INSERT INTO thread_member VALUES (?, 1, ?, x'')", id, .optional(parsed.messageID))
        try db.run(
            """
            INSERT INTO message (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id)
            VALUES (1, ?, 2, ?, 0, 0, ?, ?)
            """, .int(number + 1), id, .int(parsed.size), id)
    }
}
