// Files that have lost what was acknowledged, or were mixed up: told at once, and not made worse.

import Foundation
import GRDB
import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct FileMarkTests {
    private static let text = "Subject: x\r\n\r\n" + String(repeating: "line of text\r\n", count: 100)

    /// Alice with three messages, of which two are in the database and one is in the log, Bob with one: as after a
    /// crash.
    private func crashed(
        _ test: @Sendable @escaping (CrashedStore, _ alice: String, _ older: Data) async throws -> Void
    ) async throws {
        try await TemporaryStore.with { temporary in
            let alice = try await temporary.account()
            let bob = try await temporary.account("bob@example.org")
            let message = try await temporary.message(Self.text)
            _ = try await bob.append([message], to: .inbox)
            _ = try await alice.append([message], to: .inbox)
            let older = try Data(contentsOf: URL(fileURLWithPath: alice.file.path + "-wal"))
            _ = try await alice.append([message], to: .inbox)
            try alice.file.syncOnWriter { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            _ = try await alice.append([message], to: .inbox)
            try await temporary.crashed { try await test($0, $0.database(of: alice), older) }
        }
    }

    private static let aliceID = AccountID(rawValue: 1)

    private func messages(_ crashed: CrashedStore) async throws -> Int? {
        try await crashed.open { store in
            let account = try await store.account(Self.aliceID)
            #expect(try await account.checkIntegrity().problems == [])
            return try await account.mailbox(.inbox)?.messages
        }
    }

    /// Expects that Alice's file is refused, and Bob's is not.
    private func expectRefusal(_ crashed: CrashedStore, saying words: String) async throws {
        try await crashed.open { store in
            let error = await #expect(throws: StoreError.self) { try await store.account(Self.aliceID) }
            guard case .broken(let reason) = error else { throw error ?? .messageGone }
            #expect(reason.contains(words), "\(reason)")
            #expect(try await store.account(AccountID(rawValue: 2)).mailbox(.inbox)?.messages == 1)
            let problems = try await store.checkIntegrity().problems
            #expect(problems.count == 1 && problems[0].contains(words), "\(problems)")
        }
    }

    @Test(
        "case 170: a database without its log, or with another, is refused until it has the right one",
        arguments: ["missing", "empty", "zeros", "older", "cut", "flipped"])
    func logs(what: String) async throws {
        try await crashed { crashed, alice, older in
            let log = URL(fileURLWithPath: alice + "-wal")
            let right = try Data(contentsOf: log)
            switch what {
            case "missing": try FileManager.default.removeItem(at: log)
            case "empty": try Data().write(to: log)
            case "zeros": try Data(count: right.count).write(to: log)
            case "older": try older.write(to: log)
            case "cut": try right.prefix(32 + 24 + 4_096 + 100).write(to: log)
            default:
                var bytes = right
                bytes[32 + 24 + 1_000] ^= 4
                try bytes.write(to: log)
            }
            try await expectRefusal(crashed, saying: "has lost changes that were acknowledged")
            // Nothing has been made worse.
            try right.write(to: log)
            #expect(try await messages(crashed) == 3)
        }
    }

    @Test("case 170: a database that is gone, or an older one in its place, is refused")
    func databases() async throws {
        try await crashed { crashed, alice, _ in
            let kept = try Data(contentsOf: URL(fileURLWithPath: alice))
            #expect(try await messages(crashed) == 3)
            let whole = try Data(contentsOf: URL(fileURLWithPath: alice))
            // As it was before the last message, without a log: a copy made by hand.
            try kept.write(to: URL(fileURLWithPath: alice))
            try await expectRefusal(crashed, saying: "has lost changes that were acknowledged")
            try FileManager.default.removeItem(atPath: alice)
            try await expectRefusal(crashed, saying: "is gone")
            #expect(!FileManager.default.fileExists(atPath: alice))
            try whole.write(to: URL(fileURLWithPath: alice))
            #expect(try await messages(crashed) == 3)
        }
    }

    @Test("case 170: another account's log or file is never shown as this one's", arguments: [["-wal"], ["", "-wal"]])
    func mixedUp(parts: [String]) async throws {
        try await crashed { crashed, alice, _ in
            let bob = "\(crashed.path)/accounts/2.db"
            for part in parts {
                try Data(contentsOf: URL(fileURLWithPath: bob + part))
                    .write(to: URL(fileURLWithPath: alice + part))
            }
            try await expectRefusal(crashed, saying: "the file of account #2")
        }
    }

    @Test("case 170: a database that is a link is refused")
    func link() async throws {
        try await crashed { crashed, alice, _ in
            try FileManager.default.moveItem(atPath: alice, toPath: alice + ".moved")
            try FileManager.default.createSymbolicLink(atPath: alice, withDestinationPath: alice + ".moved")
            try await expectRefusal(crashed, saying: "is not a file but a link")
        }
    }

    @Test(
        "case 170: what SQLite makes anew by itself does no harm", arguments: ["no index", "wrong index", "no log"])
    func harmless(what: String) async throws {
        try await crashed { crashed, alice, older in
            switch what {
            case "no index": try FileManager.default.removeItem(atPath: alice + "-shm")
            case "wrong index":
                try Data(repeating: 0x5a, count: 32_768).write(to: URL(fileURLWithPath: alice + "-shm"))
            default:
                // After a clean end there is none; what comes to lie there then is no log.
                #expect(try await messages(crashed) == 3)
                try Data(repeating: 0x5a, count: 100_000).write(to: URL(fileURLWithPath: alice + "-wal"))
            }
            #expect(try await messages(crashed) == 3)
        }
    }

    @Test("case 170: a log of before, put beside a database that was closed, is not written into it")
    func staleLog() async throws {
        try await crashed { crashed, alice, older in
            #expect(try await messages(crashed) == 3)
            let whole = try Data(contentsOf: URL(fileURLWithPath: alice))
            try older.write(to: URL(fileURLWithPath: alice + "-wal"))
            try await expectRefusal(crashed, saying: "has lost changes that were acknowledged")
            #expect(try Data(contentsOf: URL(fileURLWithPath: alice)) == whole)
            try FileManager.default.removeItem(atPath: alice + "-wal")
            #expect(try await messages(crashed) == 3)
        }
    }

    @Test("case 170: the directory without its log is refused")
    func directory() async throws {
        try await crashed { crashed, _, _ in
            try FileManager.default.removeItem(atPath: "\(crashed.path)/directory.db-wal")
            let error = await #expect(throws: StoreError.self) { try await crashed.open { _ in } }
            guard case .broken = error else { throw error ?? .messageGone }
        }
    }

    @Test("case 170: a repair goes on with what there is, and gives no number twice")
    func repair() async throws {
        try await crashed { crashed, alice, _ in
            try FileManager.default.removeItem(atPath: alice + "-wal")
            let (outcome, next) = try await crashed.open(acceptingLoss: true) { store in
                let outcome = try await store.repair()
                return (outcome, try await store.account(Self.aliceID).mailbox(.inbox)?.uidNext ?? 0)
            }
            #expect(outcome.before.problems.count == 1 && outcome.after.problems == [])
            #expect(next > 1 << 20)
            #expect(try await messages(crashed) == 2)
            try await crashed.open { store in
                let staging = store.stage()
                try await staging.write(.init(string: Self.text))
                let message = NewMessage(try await staging.finish(), internalDate: MailDate(packed: 0))
                _ = try await store.account(Self.aliceID).append([message], to: .inbox)
            }
            // The note goes on from there.
            try FileManager.default.copyItem(atPath: alice, toPath: alice + ".new")
            try plant("UPDATE account_state SET modseq = modseq - 1", in: alice)
            try await expectRefusal(crashed, saying: "has lost changes")
        }
    }

    @Test("a note is read as it was written, and a damaged one is none")
    func notes() {
        for counter in [0, 1, 42, Int64.max] {
            let line = FileMark(counter: counter).line
            #expect(line.count == FileMark.length && FileMark(line: line)?.counter == counter)
            for place in line.indices {
                var damaged = line
                damaged[place] ^= 1
                #expect(FileMark(line: damaged) == nil)
            }
            #expect(FileMark(line: Array(line.dropLast())) == nil)
        }
        #expect(FileMark(line: []) == nil)
    }
}
