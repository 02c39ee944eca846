// What an OK stands on: synchronous=FULL, WAL, one writer across processes, one server on a directory.

import Foundation
import GRDB
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct DurabilityTests {
    @Test func everyConnectionRunsWithSynchronousFull() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for file in [account.file, temporary.store.directory.file] {
                // 2 is FULL.
                #expect(try file.syncOnWriter { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
                #expect(try file.syncOnWriter { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
                for isLong in [false, true] {
                    let read = try await file.read(isLong: isLong) { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
                    #expect(read == 2)
                }
            }
        }
    }

    @Test("case 164: a second server on the same data directory is refused")
    func secondServerIsRefused() async throws {
        try await TemporaryStore.with { temporary in
            await #expect(throws: StoreError.self) {
                try await Store.open(at: temporary.path, exclusive: true, logger: .quiet)
            }
            let beside = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            await beside.close()
        }
    }

    @Test("a log with room behind its end is read up to the last commit, and the room is made once for many")
    func roomInTheLog() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let path = account.file.path
            func length() throws -> Int {
                try #require(try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int)
            }
            var lengths: [Int] = []
            for number in 0..<40 {
                _ = try await account.append([try await temporary.message("Subject: \(number)\r\n\r\nx")], to: .inbox)
                lengths.append(try length())
                // As after a crash: the files as they are now.
                let copy = temporary.path + "/copy-\(number).db"
                for part in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + part, toPath: copy + part) }
                let other = try DatabaseFile(path: copy, steps: SchemaScripts.account, readers: 1)
                #expect(
                    try other.syncOnWriter { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") } == number + 1)
                #expect(try other.syncOnWriter { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
                other.close()
            }
            #expect(lengths == lengths.sorted() && Set(lengths).count < 20, "\(lengths)")
            let log = try Data(contentsOf: URL(filePath: path + "-wal"))
            #expect(log.suffix(4_096).allSatisfy { $0 == 0 })
        }
    }

    @Test("who makes the log long is answered before it is written back, and then it is")
    func writtenBackBehindTheAnswer() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let path = account.file.path
            @Sendable func length() -> Int {
                (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? 0
            }
            let pages = DatabaseFile.longLog + 100
            try await account.write { try $0.db.execute(sql: "CREATE TABLE spare (page BLOB)") }
            let before = length()
            let whenAnswered = await withCheckedContinuation { continuation in
                account.submitShared { operation in
                    for _ in 0..<pages {
                        try operation.db.execute(sql: "INSERT INTO spare VALUES (randomblob(4000))")
                    }
                } answer: { _ in
                    continuation.resume(returning: length())
                }
            }
            try account.file.syncOnWriter { _ in }
            #expect(whenAnswered == before)
            #expect(length() > before + pages * 4_000)
            // Behind what is short nothing is.
            try await account.write { try $0.db.execute(sql: "UPDATE spare SET page = NULL WHERE rowid < 100") }
            let log = path + "-wal"
            let found = try account.file.syncOnWriter { _ in
                try FileManager.default.attributesOfItem(atPath: log)[.size] as? Int
            }
            #expect(try #require(found) < 2 * pages * 4_120)
            try await account.write { try $0.db.execute(sql: "DROP TABLE spare") }
        }
    }

    @Test("case 167: a file of a newer version is refused, unchanged")
    func newerSchemaIsRefused() async throws {
        try await TemporaryStore.with { temporary in
            let path = temporary.path + "/newer.db"
            let newer = SchemaStep(name: "V999_future", sql: "CREATE TABLE future (id INTEGER)")
            try DatabaseFile(path: path, steps: SchemaScripts.account + [newer], readers: 1).close()
            #expect(throws: StoreError.self) {
                try DatabaseFile(path: path, steps: SchemaScripts.account, readers: 1)
            }
        }
    }

    @Test func directoryOpenToOthersIsRefused() async throws {
        try await TemporaryStore.with { temporary in
            chmod(temporary.path, 0o777)
            await #expect(throws: StoreError.self) {
                try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            }
            chmod(temporary.path, 0o700)
        }
    }

    @Test func twoStoresWriteOneFileInTurns() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in [account, twin] {
                    group.addTask {
                        for _ in 0..<50 {
                            _ = try await store.append([try await temporary.message("\r\nx")], to: .inbox)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await account.mailbox(.inbox)?.messages == 100)
            await other.close()
        }
    }
}

@Suite struct PrivacyTests {
    @Test func everyFileIsItsOwnersAlone() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message("\r\nx")], to: .inbox)
            let files = try FileManager.default.subpathsOfDirectory(atPath: temporary.path)
            #expect(files.contains("accounts/\(account.id).db-wal"))
            for file in files {
                let attributes = try FileManager.default.attributesOfItem(atPath: temporary.path + "/" + file)
                let mode = try #require(attributes[.posixPermissions] as? Int)
                #expect(mode & 0o077 == 0, "\(file) has mode \(String(mode, radix: 8))")
            }
        }
    }
}
