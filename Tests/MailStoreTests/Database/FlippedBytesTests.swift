// Bits that a disk has turned, anywhere in any file of a store: told, or harmless; never a trap, never other bytes.

import Foundation
import GRDB
import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct FlippedBytesTests {
    /// So many by chance in each file; MARTLET_FLIPS for more.
    private static let flips = ProcessInfo.processInfo.environment["MARTLET_FLIPS"].flatMap { Int($0) } ?? 3

    private static let accounts = [AccountID(rawValue: 1), AccountID(rawValue: 2)]
    private static let files = [
        "directory.db", "directory.db-wal", "directory.db.lock", "accounts/1.db", "accounts/1.db-wal",
        "accounts/1.db.lock", "accounts/2.db", "accounts/2.db-wal",
    ]

    /// Text that compresses, text that does not, much and little of it; each message is like no other.
    private static func text(_ number: Int) -> String {
        var random = SeededRandom(seed: UInt64(number))
        let head = "From: P\(number) <p\(number)@example.org>\r\nSubject: Number \(number)\r\n"
            + "Message-ID: <\(number)@example.org>\r\n\r\n"
        switch number % 4 {
        case 0: return head + "short \(number)\r\n"
        case 1: return head + String(repeating: "line \(number) of text\r\n", count: 200)
        case 2:
            return head
                + (1...400).map { _ in String(random.next(), radix: 36) }.joined(separator: "\r\n")
        default: return head + String(repeating: "line \(number) of a long text\r\n", count: 4_000)
        }
    }

    private static func texts(of account: AccountID) -> [[UInt8]] {
        (0..<18).map { Array(text(Int(account.rawValue) * 100 + $0).utf8) }
    }

    /// Two accounts, partly in their databases and partly in their logs, with all that is computed from mail.
    private func withStore(_ test: @Sendable @escaping (CrashedStore) async throws -> Void) async throws {
        try await TemporaryStore.with { temporary in
            for (address, id) in zip(["alice@example.org", "bob@example.org"], Self.accounts) {
                let account = try await temporary.account(address)
                #expect(account.id == id)
                for (number, text) in Self.texts(of: id).enumerated() {
                    _ = try await account.append(
                        [try await temporary.message(String(decoding: text, as: UTF8.self))], to: .inbox)
                    guard number == 15 else { continue }
                    try await account.updateSearchIndex()
                    try account.file.syncOnWriter { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
                }
            }
            try temporary.store.directory.file.syncOnWriter {
                try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            try await temporary.store.directory.setSetting("hostname", "mx.example.org", by: "test")
            try await temporary.crashed(test)
        }
    }

    @Test("case 174: a flipped bit anywhere is told by the check or harmless, and is never another message")
    func flippedBits() async throws {
        let seed = SeededRandom().firstNumber
        try await withStore { crashed in
            var random = SeededRandom(seed: seed)
            for file in Self.files {
                let size = try Data(contentsOf: URL(fileURLWithPath: "\(crashed.path)/\(file)")).count
                try #require(size > 0, "\(file)")
                for _ in 0..<(file.hasSuffix(".lock") ? 2 : Self.flips) {
                    let (place, bit) = (random.number(0...(size - 1)), random.number(0...7))
                    let damaged = try crashed.copy()
                    defer { damaged.remove() }
                    let url = URL(fileURLWithPath: "\(damaged.path)/\(file)")
                    var bytes = try Data(contentsOf: url)
                    bytes[place] ^= 1 << bit
                    try bytes.write(to: url)
                    try await look(at: damaged, "bit \(bit) of byte \(place) of \(file)")
                }
            }
        }
    }

    private func look(at damaged: CrashedStore, _ what: String) async throws {
        var isTold = false
        do {
            // Twice: what the first has made of it is there for the second.
            for _ in 1...2 {
                isTold = try await damaged.open { store in
                    let isTold = try await !store.checkIntegrity().isClean
                    for id in Self.accounts { try await read(id, of: store, isTold: isTold, what) }
                    return isTold
                } || isTold
            }
        } catch is StoreError {
            // It could not be opened.
            isTold = true
        }
        // The logs of what was acknowledged are told of whatever is lost from them.
        if !isTold, what.hasSuffix("1.db-wal") || what.hasSuffix("2.db-wal") {
            try await damaged.open { store in
                for id in Self.accounts {
                    let inbox = try await store.account(id).mailbox(.inbox)
                    #expect(inbox?.messages == 18, "\(what)")
                }
            }
        }
    }

    /// Reads all that can be read of an account. A message that is not the one it was is an error, or the check told.
    private func read(_ id: AccountID, of store: Store, isTold: Bool, _ what: String) async throws {
        guard let account = try? await store.account(id) else {
            #expect(isTold, "\(what)")
            return
        }
        guard let view = try? await account.view(of: .inbox) else { return }
        let texts = Self.texts(of: id)
        let others = Set(Self.accounts.filter { $0 != id }.flatMap { Self.texts(of: $0) })
        for index in 0..<view.current.count {
            let entry = view.current[index]
            let bytes = try? await account.read { reader in
                _ = try? reader.outline(of: entry.bodyID)
                _ = try? reader.parts(of: entry.bodyID)
                return try reader.message(entry.bodyID)
            }
            guard let bytes else { continue }
            let number = Int(entry.uid.rawValue) - 1
            #expect(!others.contains(bytes), "another's: \(what)")
            let isRight = texts.indices.contains(number) && texts[number] == bytes
            #expect(isRight || isTold, "UID \(entry.uid.rawValue) is another message: \(what)")
        }
        _ = try? await account.mailboxes(counting: [])
        _ = try? await account.read { try $0.candidates(SearchNeedle("number"), in: .text) }
        let staging = store.stage()
        try await staging.write(ByteBuffer(string: "Subject: new\r\n\r\nnew"))
        let message = NewMessage(try await staging.finish(), internalDate: MailDate(packed: 0))
        _ = try? await account.append([message], to: try MailboxName("Junk"))
    }
}

extension SeededRandom {
    fileprivate var firstNumber: UInt64 {
        var copy = self
        return copy.next()
    }
}
