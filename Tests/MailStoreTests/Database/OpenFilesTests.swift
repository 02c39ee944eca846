// Files that are moved, removed, cut or locked while the store has them open.

import Foundation
import GRDB
import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct OpenFilesTests {
    private static let text = "Subject: x\r\n\r\n" + String(repeating: "line of text\r\n", count: 100)

    @Test(
        "case 170: nothing is acknowledged while a file is elsewhere, and all is well when it is back",
        arguments: ["", "-wal", "-shm"], [false, true])
    func moved(part: String, isReplaced: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let message = try await temporary.message(Self.text)
            _ = try await account.append([message], to: .inbox)
            let path = account.file.path + part
            try FileManager.default.moveItem(atPath: path, toPath: path + ".moved")
            if isReplaced { try FileManager.default.copyItem(atPath: path + ".moved", toPath: path) }
            let error = await #expect(throws: StoreError.self) { try await account.append([message], to: .inbox) }
            guard case .broken(let reason) = error else { throw error ?? .messageGone }
            #expect(reason.contains(path) && reason.contains(isReplaced ? "another file" : "not there any more"))
            #expect(rename(path + ".moved", path) == 0)
            _ = try await account.append([message], to: .inbox)
            #expect(try await account.mailbox(.inbox)?.messages == 2)
        }
    }

    @Test("case 170: what was committed before the log was removed is in the database when that is closed")
    func removedLog() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let message = try await temporary.message(Self.text)
            for _ in 1...3 { _ = try await account.append([message], to: .inbox) }
            try FileManager.default.removeItem(atPath: account.file.path + "-wal")
            await #expect(throws: StoreError.self) { try await account.append([message], to: .inbox) }
            temporary.store.letGo(of: account.id)
            #expect(try await temporary.store.account(account.id).mailbox(.inbox)?.messages == 3)
        }
    }

    @Test(
        "case 175: a database that is cut under the server is an error to whoever asks, and nothing worse",
        arguments: [("", 0), ("", 4_096), ("", 50_000), ("", 101_000), ("-wal", 0), ("-wal", 32), ("-wal", 40_000)])
    func cut(part: String, length: Int) async throws {
        try await TemporaryStore.with { temporary in
            let alice = try await temporary.account()
            let bob = try await temporary.account("bob@example.org")
            let texts = (1...40).map { "Subject: \($0)\r\n\r\n" + String(repeating: "\($0)\($0 * 7)", count: 3_000) }
            for text in texts.prefix(30) { _ = try await alice.append([temporary.message(text)], to: .inbox) }
            try alice.file.syncOnWriter { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            for text in texts.dropFirst(30) { _ = try await alice.append([temporary.message(text)], to: .inbox) }
            _ = try await bob.append([temporary.message(texts[0])], to: .inbox)
            try await temporary.crashed { crashed in
                try await crashed.open { store in
                    let account = try await store.account(alice.id)
                    _ = try await account.mailbox(.inbox)
                    // What SQLite has in memory would hide it.
                    truncate(crashed.database(of: alice) + part, off_t(length))
                    for (number, text) in texts.enumerated() {
                        let bytes = try? await account.read { try $0.message(BodyID(rawValue: Int64(number + 1))) }
                        #expect(bytes == nil || bytes == Array(text.utf8))
                    }
                    _ = try? await account.mailboxes(counting: [])
                    let staging = store.stage()
                    try await staging.write(.init(string: Self.text))
                    let message = NewMessage(try await staging.finish(), internalDate: MailDate(packed: 0))
                    _ = try? await account.append([message], to: .inbox)
                    #expect(try await store.account(bob.id).append([message], to: .inbox).uids == [UID(2)])
                    if part.isEmpty { #expect(try await !store.checkIntegrity().isClean) }
                }
            }
        }
    }

    @Test("case 173: while another program holds a database, writes to it fail after a while, and nothing else does")
    func heldByAnother() async throws {
        let options = {
            var options = Store.Options()
            options.lockPatience = .milliseconds(200)
            return options
        }()
        try await TemporaryStore.with(options: options) { temporary in
            let alice = try await temporary.account()
            let bob = try await temporary.account("bob@example.org")
            let message = try await temporary.message(Self.text)
            _ = try await alice.append([message], to: .inbox)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let other = try DatabaseQueue(path: alice.file.path, configuration: configuration)
            try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
            for _ in 1...2 {
                let error = await #expect(throws: StoreError.self) { try await alice.append([message], to: .inbox) }
                guard case .unavailable(let reason) = error else { throw error ?? .messageGone }
                #expect(reason.contains("locked"), "\(reason)")
                #expect(try await alice.mailbox(.inbox)?.messages == 1)
                _ = try await bob.append([message], to: .inbox)
            }
            // Who opens the file meanwhile can read it.
            let beside = try await Store.open(at: temporary.path, exclusive: false, options: options, logger: .quiet)
            #expect(try await beside.account(alice.id).mailbox(.inbox)?.messages == 1)
            await beside.close()
            try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
            try other.close()
            #expect(try await alice.append([message], to: .inbox).uids == [UID(2)])
            #expect(try await bob.mailbox(.inbox)?.messages == 2)
        }
    }
}
