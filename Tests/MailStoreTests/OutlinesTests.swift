// Outlines, in rows and in groups: always those of the messages, in one place, gone with the bodies.

import GRDB
import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct OutlinesTests {
    /// Of several shapes; the one whose number is 7 has too many addresses for a group.
    private static func text(_ number: Int) -> String {
        let to = number == 7 ? String(repeating: "someone@example.org, ", count: 500) : ""
        let head = "From: a\(number)@example.org\r\nTo: \(to)b@example.org\r\nSubject: number \(number)\r\n"
        switch number % 3 {
        case 0: return head + "\r\ntext\r\n"
        case 1: return head + "Content-Type: text/html\r\n\r\n<p>text</p>\r\n"
        default:
            return head + "Content-Type: multipart/mixed; boundary=b\(number)\r\n\r\n--b\(number)\r\n\r\none\r\n"
                + "--b\(number)\r\nContent-Type: image/png\r\n\r\ntwo\r\n--b\(number)--\r\n"
        }
    }

    private func add(_ numbers: ClosedRange<Int>, to account: AccountStore, _ temporary: TemporaryStore) async throws {
        var new: [NewMessage] = []
        for number in numbers { new.append(try await temporary.message(Self.text(number))) }
        _ = try await account.append(new, to: .inbox)
    }

    private func filled(_ temporary: TemporaryStore, _ count: Int) async throws -> AccountStore {
        let account = try await temporary.account()
        try await add(1...count, to: account, temporary)
        return account
    }

    /// Asks for all outlines, in this order of bodies.
    private func expectAll(_ bodies: some Sequence<Int> & Sendable, in account: AccountStore) async throws {
        try await account.read { reader in
            for body in bodies {
                let parsed = MessageParser.parse(Array(Self.text(body).utf8))
                let found = try reader.outline(of: BodyID(rawValue: Int64(body)))
                #expect(found.envelope == ByteBuffer(bytes: parsed.envelope), "\(body)")
                #expect(found.bodyStructure == ByteBuffer(bytes: parsed.bodyStructure), "\(body)")
            }
        }
    }

    private func count(_ account: AccountStore, _ sql: StaticString) async throws -> Int64 {
        try await account.file.read { try $0.count(sql) }
    }

    @Test("a group is made when its last id was given out; then it alone has what was in the rows")
    func grouped() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 14)
            while try await account.makeSomeGroups() {}
            #expect(try await count(account, "SELECT count(*) FROM outline_group") == 0)
            try await add(15...100, to: account, temporary)
            while try await account.makeSomeGroups() {}
            #expect(try await count(account, "SELECT count(*) FROM outline_group") == 6)
            // Those of the last group, and the one that is too long.
            #expect(try await count(account, "SELECT count(*) FROM body WHERE envelope != x''") == 6)
            #expect(try await count(account, "SELECT count(*) FROM body WHERE body_structure != x''") == 6)
            try await expectAll(1...100, in: account)
            try await expectAll((1...100).reversed(), in: account)
            try await expectAll((0..<100).map { $0 * 37 % 100 + 1 }, in: account)
            await #expect(throws: StoreError.messageGone) {
                _ = try await account.read { try $0.outline(of: BodyID(rawValue: 101)) }
            }
        }
    }

    @Test("between any two steps, in whichever process, all is there and nothing twice")
    func steps() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 1_100)
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            var steps = 0
            while try await (steps % 2 == 0 ? account : twin).makeSomeGroups() {
                steps += 1
                try await expectAll(stride(from: 1, through: 1_100, by: 7).map { $0 }, in: account)
                #expect(try await twin.checkIntegrity().problems == [])
            }
            // Of each kind of group and of the rows, more than one.
            #expect(steps >= 6)
            #expect(try await count(account, "SELECT count(*) FROM body WHERE envelope != x''") == 14)
            await other.close()
        }
    }

    @Test("what is purged is in no group any more; what is left still is")
    func purged() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 100)
            while try await account.makeSomeGroups() {}
            let inbox = try await account.view(of: .inbox).mailboxID
            let gone = UIDSet([1...20, 40...40, 97...99])
            _ = try await account.storeFlags(gone, in: inbox, .add(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            // They can be restored.
            try await expectAll(1...100, in: account)
            _ = try await account.purge(expungedBefore: .max)
            let left = (21...100).filter { $0 != 40 && !(97...99).contains($0) }
            try await expectAll(left, in: account)
            let groups = try await account.read { reader in
                try reader.groupNumbers(.outlines).compactMap { try reader.group(.outlines, $0) }
            }
            #expect(groups.map(\.number) == [1, 2, 3, 4, 5])
            let bytes = groups.flatMap(\.bytes)
            #expect(bytes.contains(Array("\"number 41\"".utf8)))
            for number in [20, 40, 97] {
                #expect(!bytes.contains(Array("\"number \(number)\"".utf8)))
            }
            #expect(try await account.checkIntegrity().problems == [])
            while try await account.makeSomeGroups() {}
            try await expectAll(left, in: account)
        }
    }

    static let damages = [
        "UPDATE outline_group SET data = randomblob(length(data))",
        "UPDATE outline_group SET data = substr(data, 1, 20)",
        "UPDATE outline_group SET encoding = 0",
        "UPDATE outline_group SET size = size - 1",
        "UPDATE outline_group SET size = 1 << 40",
        "UPDATE outline_group SET encoding = 0, data = x'02'",
        "UPDATE outline_group SET encoding = 0, data = CAST(x'01' || zeroblob(31) || x'03' || zeroblob(2) AS BLOB)",
        "UPDATE outline_group SET encoding = 0, data = CAST(x'010a00' || zeroblob(39) AS BLOB)",
        "DELETE FROM outline_group WHERE id = 1",
        "UPDATE outline_group SET id = 7 WHERE id = 1",
        "UPDATE outline_group SET id = -(1 << 62) WHERE id = 1",
        "UPDATE body SET envelope = x'', body_structure = x'' WHERE id = 49",
        "UPDATE body SET envelope = x'', body_structure = x'' WHERE id = 7",
    ]

    @Test("a damaged group is no trap: the check tells, messages say the same, it is made anew", arguments: damages)
    func damaged(sql: String) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 50)
            while try await account.makeSomeGroups() {}
            try account.file.syncOnWriter { try $0.execute(sql: sql) }
            #expect(try await !account.checkIntegrity().isClean)
            try await expectAll(1...50, in: account)
            try await account.rebuildSearchIndex()
            #expect(try await account.checkIntegrity().problems == [])
            try await expectAll(1...50, in: account)
            #expect(try await count(account, "SELECT count(*) FROM outline_group") == 3)
        }
    }

    static let doubles = [
        "UPDATE body SET envelope = x'2829', body_structure = x'2829' WHERE id = 2",
        "UPDATE body SET envelope = x'2829' WHERE id = 2",
        "UPDATE body SET body_structure = x'2829' WHERE id = 2",
        """
        UPDATE search_state SET emptied_groups = 0;
        UPDATE body SET envelope = x'2829', body_structure = x'2829' WHERE id = 2
        """,
    ]

    @Test("the check tells of a body that has its envelope twice, or half of it", arguments: doubles)
    func doubled(sql: String) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 20)
            while try await account.makeSomeGroups() {}
            try account.file.syncOnWriter { try $0.execute(sql: sql) }
            #expect(try await account.checkIntegrity().problems.count == 1)
            try await account.rebuildSearchIndex()
            #expect(try await account.checkIntegrity().problems == [])
        }
    }

    @Test("a pack has both halves back, and what is no pack is none")
    func packs() throws {
        let outline = Outline(envelope: ByteBuffer(string: "(NIL)"), bodyStructure: ByteBuffer(string: "(1)"))
        let pack = try #require(outline.pack)
        let bytes = ByteBuffer(bytes: [0, 0, 0] + pack)
        let found = try #require(Outline(3..<3 + pack.count, of: bytes))
        #expect(found.envelope == outline.envelope && found.bodyStructure == outline.bodyStructure)
        for length in 0..<8 { #expect(Outline(3..<3 + length, of: bytes) == nil) }
        #expect(Outline(0..<5, of: bytes) == nil)
        #expect(Outline(3..<40, of: bytes) == nil)
        let long = Outline(
            envelope: ByteBuffer(repeating: 0x28, count: Outline.longestPack), bodyStructure: outline.bodyStructure)
        #expect(long.pack == nil)
    }
}
