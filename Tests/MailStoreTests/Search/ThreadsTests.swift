// Thread ids and sort keys of stored messages: at once for new ones, in the background for those of older files.

import GRDB
import Mail
import NIOCore
import Schema
import Synchronization
import TestSupport
import Testing

@testable import MailStore

extension TemporaryStore {
    /// Appends to INBOX and returns the bodies.
    func append(_ messages: [String], to account: AccountStore) async throws -> [BodyID] {
        var new: [NewMessage] = []
        for text in messages { new.append(try await message(text)) }
        let before = try await account.view(of: .inbox).current.count
        _ = try await account.append(new, to: .inbox)
        return Array(try await account.bodies(of: .inbox).dropFirst(before))
    }
}

extension AccountStore {
    func thread(of body: BodyID) async throws -> Int64? { try await read { try $0.threadID(of: body)?.rawValue } }

    func members(of thread: Int64) async throws -> [BodyID] {
        try await read { try $0.bodies(in: ThreadID(rawValue: thread)) }
    }

    /// How many links there are.
    func links() async throws -> Int64 { try await read { try $0.db.count("SELECT count(*) FROM thread_link") } }

    /// The bodies of a mailbox's messages, in their order.
    func bodies(of name: MailboxName) async throws -> [BodyID] {
        let snapshot = try await view(of: name).current
        return (0..<snapshot.count).map { snapshot[$0].bodyID }
    }
}

@Suite struct ThreadsTests {
    /// `id<reference,… subject`
    static func message(_ line: String) -> String {
        let fields = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        let ids = fields[0].split(separator: "<", omittingEmptySubsequences: false)
        var text = ids[0].isEmpty ? "" : "Message-ID: <\(ids[0])@x>\r\n"
        if ids.count > 1 {
            text += "References: " + ids[1].split(separator: ",").map { "<\($0)@x>" }.joined(separator: " ") + "\r\n"
        }
        return text + "Subject: \(fields.count > 1 ? fields[1] : "")\r\n\r\ntext\r\n"
    }

    @Test(
        "messages get the thread of what they name",
        arguments: [
            (["a hello", "b<a Re: hello", "c<b Re: hello"], [1, 1, 1]),
            (["a hello", "b hello"], [1, 2]),
            (["b<a Re: hello", "a hello"], [1, 1]),
            (["c<a,b Re: hello", "b<a Re: hello", "a hello"], [1, 1, 1]),
            (["a hello", "b<a other", "c<b Re: other"], [1, 2, 2]),
            (["a hello", "b<a [list] Re: hello (fwd)"], [1, 1]),
            (["a HELLO", "b<a re: hello"], [1, 1]),
            ([" hello", " hello"], [1, 2]),
            (["a", "b<a"], [1, 1]),
            // the same message again
            (["a hello", "a hello"], [1, 1]),
            // two threads that the fourth joins: told ids stay, what comes later goes to the eldest
            (["a hello", "b hello", "c<b Re: hello", "d<a,b Re: hello", "e<c Re: hello"], [1, 2, 2, 1, 1]),
            (["a x", "b x", "c x", "d<b,c x", "e<a,b x", "f<c x", "g<c,d x"], [1, 2, 3, 2, 1, 1, 1]),
        ])
    func threads(_ lines: [String], expected: [Int64]) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append(lines.map(Self.message), to: account)
            try await account.completeThreads()
            let threads = try await account.read { reader in try bodies.map { try reader.threadID(of: $0)?.rawValue } }
            #expect(threads == expected)
            for thread in Set(expected) {
                let members = try await account.members(of: thread)
                #expect(members == zip(bodies, expected).filter { $1 == thread }.map(\.0))
            }
            #expect(try await account.members(of: 99) == [])
        }
    }

    @Test func copiesShareTheirThreadAndAFailedAppendLeavesNothing() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append([Self.message("a hello")], to: account)
            let inbox = try await account.view(of: .inbox).mailboxID
            _ = try await account.copy(.all, from: inbox, to: try MailboxName("Archive"))
            let copied = try await account.bodies(of: try MailboxName("Archive"))
            #expect(copied == bodies)
            try await account.setQuota(10)
            await #expect(throws: StoreError.self) {
                try await temporary.append([Self.message("b<a Re: hello")], to: account)
            }
            #expect(try await account.members(of: 1) == bodies)
        }
    }

    @Test func aMergeChainOfAnyLengthIsFollowed() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let count = 60
            var lines = (0..<count).map { "i\($0) x" }
            // Each joins a thread with the one begun before it, the youngest first.
            lines += (1..<count).reversed().map { "j\($0)<i\($0 - 1),i\($0) x" }
            lines.append("last<i\(count - 1) x")
            let bodies = try await temporary.append(lines.map(Self.message), to: account)
            let last = try #require(bodies.last)
            #expect(try await account.thread(of: last) == 1)
        }
    }

    static let header = """
        Date: Sun, 31 Dec 2000 16:01:33 -0800\r
        From: =?utf-8?q?J=C3=BCrgen?= <juergen@example.org>\r
        To: a@example.org\r
        Cc: b@example.org\r
        Message-ID: <one@x>\r
        References: <zero@x> <half@x>\r
        Subject: Re: hello\r
        \r

        """

    @Test func storedKeysAreThoseOfTheHeader() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append([Self.header, "\r\n", Self.header + "text"], to: account)
            try await Self.expectKeys(of: [bodies[2], bodies[1], bodies[0], bodies[0]], in: account)
            await #expect(throws: StoreError.messageGone) {
                _ = try await account.read { try $0.sortKeys(of: [BodyID(rawValue: 99)]) }
            }
        }
    }

    private static func expectKeys(of bodies: [BodyID], in account: AccountStore) async throws {
        let (keys, threading) = try await account.read { (try $0.sortKeys(of: bodies), try $0.threading(of: bodies)) }
        let summaries = try await account.read { reader in try bodies.map { try reader.summary(of: $0) } }
        #expect(keys == summaries.map(\.sortKeys))
        #expect(threading == summaries.enumerated().map { $1.threading(id: $0) })
    }

    /// Takes away what V002 keeps of the messages that are there, as if they had come before it.
    static func forget(_ account: AccountStore) async throws {
        try await account.write { operation in
            try operation.db.run("DELETE FROM sort_key")
            try operation.db.run("DELETE FROM thread_member")
            try operation.db.run("DELETE FROM thread_link")
            try operation.db.run("DELETE FROM thread_merge")
            try operation.db.run("UPDATE search_state SET keys_from = 0, keys_until = (SELECT max(id) FROM body)")
        }
        account.areThreadsComplete.withLock { $0 = false }
    }

    @Test func olderMessagesHaveTheirKeysAtOnceAndTheirThreadsAfterTheBackground() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            // More than one step of the background.
            let lines = (0..<450).map { $0 == 0 ? "i0 hello" : "i\($0)<i\($0 - 1) Re: hello" }
            var bodies = try await temporary.append(lines.map(Self.message), to: account)
            try await Self.forget(account)
            #expect(try await account.checkIntegrity().isClean)
            // New mail comes before the background.
            bodies += try await temporary.append([Self.message("new<i449 Re: hello"), Self.header], to: account)
            #expect(try await account.thread(of: bodies[0]) == nil)
            try await Self.expectKeys(of: bodies, in: account)
            try await account.completeThreads()
            try await Self.expectKeys(of: bodies, in: account)
            let threads = try await account.read { [bodies] reader in try bodies.map { try reader.threadID(of: $0) } }
            // The new message keeps the id that it was told; all that comes later goes to the elder thread.
            let expected = [Int64](repeating: 1, count: 450) + bodies[450...].map(\.rawValue)
            #expect(threads.map { $0?.rawValue } == expected)
            let later = try await temporary.append([Self.message("later<new Re: hello")], to: account)
            #expect(try await account.thread(of: later[0]) == 1)
            #expect(try await account.checkIntegrity().isClean)
        }
    }

    @Test func aFileOfTheFirstSchemaOpensWithItsMail() async throws {
        try await TemporaryStore.with { temporary in
            let id = try await temporary.account().id
            let path = temporary.path + "/older.db"
            try Self.makeFirstSchema(path)
            let account = try AccountStore(id: id, path: path, readers: 1, compression: Compression())
            let body = BodyID(rawValue: 1)
            try await Self.expectKeys(of: [body], in: account)
            #expect(try await account.thread(of: body) == nil)
            try await account.completeThreads()
            #expect(try await account.thread(of: body) == 1)
            try await Self.expectKeys(of: [body], in: account)
            #expect(try await account.checkIntegrity().problems == [])
            account.close()
        }
    }

    /// An account's file as the first release wrote it, with one message.
    private static func makeFirstSchema(_ path: String) throws {
        let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(1)), readers: 1)
        let parsed = MessageParser.parse(Array(header.utf8))
        try file.syncOnWriter { db in
            try db.run(
                """
                INSERT INTO mailbox
                (name, uid_validity, uid_next, first_recent, modseq, messages, unseen, size, created)
                VALUES ('INBOX', 1, 2, 1, 1, 1, 1, ?, 0)
                """, .int(parsed.size))
            try db.run("UPDATE account_state SET last_uid_validity = 1, used_bytes = ?", .int(parsed.size))
            try db.run(
                """
                INSERT INTO body (size, header_size, sent_date, message_id, envelope, body_structure, parts)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """, .int(parsed.size), .int(parsed.headerSize), .optional(parsed.sentDate?.packed),
                .optional(parsed.messageID), .blob(parsed.envelope), .blob(parsed.bodyStructure),
                .blob(parsed.parts.encoded))
            try db.run(
                "INSERT INTO body_chunk (id, encoding, size, data) VALUES (65536, 0, ?, ?)", .int(parsed.size),
                .blob(Array(header.utf8)))
            try db.run("INSERT INTO flag_set (id, system, keywords) VALUES (1, 0, '')")
            try db.run(
                """
                INSERT INTO message (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id)
                VALUES (1, 1, 1, 1, 0, 0, ?, 1)
                """, .int(parsed.size))
        }
        file.close()
    }

    @Test func purgedBodiesTakeTheirRowsAlong() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let bodies = try await temporary.append(
                [Self.message("a hello"), Self.message("b<a Re: hello")], to: account)
            let inbox = try await account.view(of: .inbox).mailboxID
            let first = try #require(UID(1))
            _ = try await account.storeFlags(UIDSet([first]), in: inbox, .add(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            #expect(try await account.members(of: 1) == bodies)
            #expect(try await account.purge(expungedBefore: .max).messages == 1)
            #expect(try await account.members(of: 1) == [bodies[1]])
            // An answer to what is gone still belongs to its thread.
            let answer = try await temporary.append([Self.message("c<a Re: hello")], to: account)
            #expect(try await account.thread(of: answer[0]) == 1)
        }
    }

    @Test func linksOfThreadsThatAreGoneGoWithTheIndexThatIsMadeAnew() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let kept = try await temporary.append(
                [Self.message("a hello"), Self.message("b<a Re: hello")], to: account)
            _ = try await temporary.append((0..<6_000).map { Self.message("gone\($0) matter \($0)") }, to: account)
            try await account.updateSearchIndex()
            #expect(try await account.links() == 6_002)
            let inbox = try await account.view(of: .inbox).mailboxID
            _ = try await account.storeFlags(.all, in: inbox, .add(Flags(.deleted)))
            let second = try #require(UID(2))
            _ = try await account.storeFlags(UIDSet([second]), in: inbox, .remove(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            #expect(try await account.purge(expungedBefore: .max).messages == 6_001)
            #expect(try await account.links() == 6_002)
            try await account.updateSearchIndex()
            #expect(try await account.links() == 2)
            let answer = try await temporary.append([Self.message("c<a Re: hello")], to: account)
            #expect(try await account.members(of: 1) == [kept[1]] + answer)
        }
    }
}
