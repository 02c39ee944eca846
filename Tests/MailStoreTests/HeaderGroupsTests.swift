// Groups of header fields: made when no body can be added to them, true to the headers, gone with the bodies.

import GRDB
import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct HeaderGroupsTests {
    private static func message(_ number: Int) -> String {
        "Received: by x\r\nFrom: a\(number)@example.org\r\nSubject: \(number)\r\nX-Other: y\r\n\r\ntext\r\n"
    }

    /// INBOX with so many messages, appended together.
    private func filled(_ temporary: TemporaryStore, _ count: Int) async throws -> AccountStore {
        let account = try await temporary.account()
        try await add(1...count, to: account, temporary)
        return account
    }

    private func add(_ numbers: ClosedRange<Int>, to account: AccountStore, _ temporary: TemporaryStore) async throws {
        var new: [NewMessage] = []
        for number in numbers { new.append(try await temporary.message(Self.message(number))) }
        _ = try await account.append(new, to: .inbox)
    }

    private func makeAll(_ account: AccountStore) async throws {
        while try await account.makeSomeGroups() {}
    }

    /// What the groups have, as the subjects of bodies.
    private func subjects(_ account: AccountStore) async throws -> [Int64: String] {
        try await account.read { reader in
            var found: [Int64: String] = [:]
            let choice = ListedFields.Choice(["subject"])
            for number in 0...20 as ClosedRange<Int64> {
                guard let group = try reader.group(.headerFields, number), let choice else { continue }
                for body in group.all.keys {
                    guard let pack = group.pack(of: body) else { continue }
                    _ = ListedFields.forEachRun(of: choice, in: pack, of: group.bytes) {
                        found[body.rawValue] = String(decoding: group.bytes[$0], as: UTF8.self)
                    }
                }
            }
            return found
        }
    }

    @Test("a group is made when its last id was given out, and not before")
    func complete() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 62)
            try await makeAll(account)
            #expect(try await subjects(account).isEmpty)
            try await add(63...63, to: account, temporary)
            try await makeAll(account)
            #expect(try await subjects(account).count == 63)
            try await add(64...700, to: account, temporary)
            try await makeAll(account)
            let found = try await subjects(account)
            #expect(found.count == 639)
            #expect(found.allSatisfy { $0.value == "Subject: \($0.key)\r\n" })
            #expect(try await account.checkIntegrity().isClean)
        }
    }

    @Test("what is purged is in no group any more; what is left still is")
    func purged() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 200)
            try await makeAll(account)
            let inbox = try await account.view(of: .inbox).mailboxID
            let gone = UIDSet([1...70, 100...100, 192...200])
            _ = try await account.storeFlags(gone, in: inbox, .add(Flags(.deleted)))
            _ = try await account.expunge(in: inbox)
            #expect(try await subjects(account).count == 191)
            _ = try await account.purge(expungedBefore: .max)
            let left = try await subjects(account)
            #expect(left.keys.sorted() == (71...191).filter { $0 != 100 })
            #expect(left.allSatisfy { $0.value == "Subject: \($0.key)\r\n" })
            let rows = try await account.file.read { try $0.count("SELECT count(*) FROM header_group") }
            #expect(rows == 2)
            try await makeAll(account)
            #expect(try await subjects(account).count == left.count)
        }
    }

    @Test("groups that are damaged, or of a version to come, count as not there")
    func damaged() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 300)
            try await makeAll(account)
            let zeros = String(repeating: "00", count: 128)
            try account.file.syncOnWriter { db in
                try db.execute(
                    sql: """
                        UPDATE header_group SET data = randomblob(length(data)) WHERE id = 0;
                        UPDATE header_group SET encoding = 0, size = 129, data = x'02\(zeros)' WHERE id = 1;
                        UPDATE header_group SET size = size - 1 WHERE id = 2;
                        UPDATE header_group SET size = 1 << 40 WHERE id = 3
                        """)
            }
            #expect(try await subjects(account).isEmpty)
            #expect(try await account.checkIntegrity().problems.count == 4)
            try await account.rebuildSearchIndex()
            #expect(try await subjects(account).count == 255)
            #expect(try await account.checkIntegrity().isClean)
        }
    }

    @Test("messages with too many fields, or none, are in their group or not, and the others are")
    func odd() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            var texts = (1...64).map(Self.message)
            texts[3] = "To: " + String(repeating: "x@example.org, ", count: 1_000) + "\r\nSubject: 4\r\n\r\n"
            texts[5] = "\r\nno header"
            texts[7] = "no body: 1"
            texts[8] = ""
            var new: [NewMessage] = []
            for text in texts { new.append(try await temporary.message(text)) }
            _ = try await account.append(new, to: .inbox)
            try await makeAll(account)
            let group = try await account.read { try $0.group(.headerFields, 0) }
            #expect(group?.all.keys.map(\.rawValue).sorted() == (1...63).filter { $0 != 4 })
            #expect(try await account.checkIntegrity().isClean)
        }
    }

    @Test("an account of before has its groups made in the background")
    func migrated() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 130)
            try await account.updateSearchIndex()
            try await account.write { try $0.makeGroupsAnew() }
            #expect(try await subjects(account).isEmpty)
            try await account.updateSearchIndex()
            #expect(try await subjects(account).count == 127)
        }
    }
}
