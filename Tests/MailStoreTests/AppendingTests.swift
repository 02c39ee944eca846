// What APPEND and its like do in the store: several at once, one in place of another, previews, NUL in parts.

import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

/// Of the message in INBOX.
private func body(_ uid: UID, _ reader: AccountReader) throws -> BodyID {
    guard let message = try reader.message(uid, in: .inbox) else { throw StoreError.messageGone }
    return message.body
}

@Suite struct AppendingTests {
    private func stage(_ temporary: TemporaryStore, _ pieces: [String], in room: SpoolRoom) async throws -> NewMessage {
        let staging = temporary.store.stage(in: room)
        staging.takeBinary()
        for piece in pieces { try await staging.write(ByteBuffer(string: piece)) }
        return NewMessage(try await staging.finish(), internalDate: .now())
    }

    @Test("RFC 3502: one that is over the quota undoes those before it")
    func allOrNone() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try await account.setQuota(1_000)
            let messages = [
                try await temporary.message(String(repeating: "a", count: 600)),
                try await temporary.message(String(repeating: "b", count: 600)),
            ]
            await #expect(throws: StoreError.self) { try await account.append(messages, to: .inbox) }
            let info = try #require(try await account.mailbox(.inbox))
            #expect(info.messages == 0 && info.uidNext == 1 && info.size == 0)
            #expect(try await account.append([messages[1]], to: .inbox).uids.count == 1)
        }
    }

    @Test("RFC 8508: both or neither, and what goes is free for what comes")
    func replace() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let old = try await temporary.message(String(repeating: "a", count: 900))
            let first = try #require(try await account.append([old], to: .inbox).uids[0])
            try await account.setQuota(1_000)
            let inbox = try #require(try await account.mailbox(.inbox))
            let new = try await temporary.message(String(repeating: "b", count: 950))
            await #expect(throws: StoreError.self) { try await account.append([new], to: .inbox) }
            let uid = try #require(try await account.replace(first, in: inbox.id, with: new, to: .inbox).uids[0])
            #expect(uid > first)
            await #expect(throws: StoreError.messageGone) {
                try await account.replace(first, in: inbox.id, with: new, to: .inbox)
            }
            let large = try await temporary.message(String(repeating: "c", count: 1_001))
            await #expect(throws: StoreError.self) {
                try await account.replace(uid, in: inbox.id, with: large, to: .inbox)
            }
            let after = try #require(try await account.mailbox(.inbox))
            #expect(after.messages == 1 && after.size == 950)
        }
    }

    @Test("messages that share a spool are read whole, whatever is in memory and what in the file")
    func sharedSpool() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let room = temporary.store.spoolRoom()
            var random = SeededRandom()
            let texts = [10, 600_000, 20, 900_000, 0, 300_000].map { size -> String in
                let octets = (0..<size).map { _ in UInt8.random(in: 33...126, using: &random) }
                return "Subject: \(size)\r\n\r\n" + String(decoding: octets, as: UTF8.self)
            }
            var messages: [NewMessage] = []
            for text in texts { messages.append(try await stage(temporary, [text], in: room)) }
            let uids = try await account.append(messages, to: .inbox).uids.compactMap { $0 }
            for (uid, text) in zip(uids, texts) {
                let bytes = try await account.read { reader in try reader.message(try body(uid, reader)) }
                #expect(bytes == Array(text.utf8))
            }
        }
    }

    @Test("RFC 3516: NUL in parts is encoded however the message was cut, and nowhere else")
    func nul() async throws {
        try await TemporaryStore.with { temporary in
            let head = "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
            let plain = "--b\r\n\r\n" + String(repeating: "text\r\n", count: 60_000)
            let binary = "--b\r\nContent-Type: image/x\r\n\r\n" + String(repeating: "\u{0}\u{1}", count: 200_000)
            let message = head + plain + binary + "\r\n--b--\r\n"
            let whole = Array(message.utf8)
            for size in [1_000_000, 100_000, 4_099] {
                let pieces = stride(from: 0, to: whole.count, by: size).map {
                    String(decoding: whole[$0..<min(whole.count, $0 + size)], as: UTF8.self)
                }
                let new = try await stage(temporary, pieces, in: temporary.store.spoolRoom())
                let parts = new.staged.parsed.parts.parts
                #expect(parts.count == 3 && parts[1].encoding == .identity && parts[2].encoding == .base64)
                #expect(parts[1].body.count == plain.utf8.count - 9)
                let account = try await temporary.account("a\(size)@example.org")
                _ = try await account.append([new], to: .inbox)
                let first = try #require(UID(1))
                let bytes = try await account.read { reader in try reader.message(try body(first, reader)) }
                #expect(bytes.count == new.staged.size && !bytes.contains(0))
                let encoded = Array(bytes[parts[2].body])
                #expect(TransferDecoder.decode(encoded, .base64) == Array(binary.utf8.dropFirst(30)))
            }
        }
    }

    @Test("RFC 8970: a body from before previews were kept has one when it is asked for")
    func previews() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message("Subject: x\r\n\r\nWords.\r\n")], to: .inbox)
            let first = try #require(UID(1))
            func preview(lazy: Bool) async throws -> String? {
                try await account.read { reader in try reader.preview(of: try body(first, reader), lazy: lazy) }
            }
            #expect(try await preview(lazy: true) == "Words.")
            try await account.write { operation in try operation.db.run("UPDATE body SET preview = NULL") }
            #expect(try await preview(lazy: true) == nil)
            #expect(try await preview(lazy: false) == "Words.")
        }
    }
}
