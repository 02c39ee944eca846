// Messages through their life: appended, read, flagged, copied, moved, expunged; the view follows each commit.

import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct MessagesTests {
    static let text = "From: Ann <ann@example.org>\r\nSubject: Hello\r\n\r\nBody text.\r\n"

    @Test func newAccountHasItsMailboxes() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let mailboxes = try await account.mailboxes()
            #expect(mailboxes.map(\.name.text) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"])
            #expect(mailboxes.compactMap(\.specialUse).count == 5)
            #expect(mailboxes.allSatisfy { $0.isSubscribed && $0.modSeq > .zero && $0.uidNext == 1 })
            #expect(Set(mailboxes.map(\.uidValidity)).count == 6)
        }
    }

    @Test func appendedMessageIsReadBackByteForByte() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let outcome = try await account.append([try await temporary.message(Self.text)], to: .inbox)
            #expect(outcome.uids == [UID(1)])
            let view = try await account.view(of: .inbox)
            let entry = view.current[0]
            #expect(entry.size == UInt32(Self.text.utf8.count))
            let read = try await account.read { try $0.message(entry.bodyID) }
            #expect(String(decoding: read, as: UTF8.self) == Self.text)
        }
    }

    @Test(arguments: [0, 1, 100, 262_143, 262_144, 262_145, 700_000, 3_000_000])
    func everyRangeOfABodyIsRight(size: Int) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            var random = SeededRandom()
            let body = (0..<size).map { _ in UInt8(ascii: "a") &+ UInt8(random.next() % 20) }
            let whole = Array("Subject: x\r\n\r\n".utf8) + body
            _ = try await account.append(
                [try await temporary.message(String(decoding: whole, as: UTF8.self))], to: .inbox)
            let entry = try await account.view(of: .inbox).current[0]
            let bounds = [0, 1, 13, 14, 15, 262_157, 262_158, 262_159, size, size + 13, size + 14, size + 20]
            for lower in bounds {
                for upper in bounds where upper >= lower {
                    let part = try await account.read { reader in
                        var buffer = ByteBuffer()
                        try reader.bytes(of: entry.bodyID, range: lower..<upper, into: &buffer)
                        // One after the other in the same place.
                        for range in [lower..<upper, 0..<upper, lower..<upper] {
                            let pieces = try reader.pieces.all(of: entry.bodyID, in: range, reader)
                            #expect(pieces == Array(whole[range.clamped(to: 0..<whole.count)]))
                        }
                        return Array(buffer.readableBytesView)
                    }
                    #expect(part == Array(whole[min(lower, whole.count)..<min(upper, whole.count)]))
                }
            }
        }
    }

    @Test func viewFollowsEveryCommit() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            let before = view.current
            for _ in 1...5 { _ = try await account.append([try await temporary.message(Self.text)], to: .inbox) }
            #expect(view.current.count == 5)
            let appended = view.current
            let stored = try await account.storeFlags(
                UIDSet([2...3]), in: view.mailboxID, .add(Flags([.deleted, .seen])))
            #expect(stored.changed.map(\.uid.rawValue) == [2, 3])
            #expect(view.current.flags(of: view.current[1]).system == [.deleted, .seen])
            #expect(appended.advanced(to: view.current, keepingExpunged: false).1.changed.map(\.rawValue) == [2, 3])
            let gone = try await account.expunge(in: view.mailboxID)
            #expect(gone.map(\.rawValue) == [2, 3])
            #expect(view.current.count == 3)
            let (kept, difference) = appended.advanced(to: view.current, keepingExpunged: true)
            #expect(kept.count == 5 && difference.expunged.map(\.rawValue) == [2, 3])
            let (now, later) = kept.advanced(to: view.current, keepingExpunged: false)
            #expect(now.count == 3 && later.expunged.map(\.rawValue) == [2, 3] && later.added.isEmpty)
            #expect(before.advanced(to: view.current, keepingExpunged: false).1.added.count == 3)
            let moved = try await account.move(UIDSet([1...1]), from: view.mailboxID, to: try MailboxName("Archive"))
            #expect(moved.pairs.map(\.source.rawValue) == [1] && moved.pairs.map(\.destination.rawValue) == [1])
            #expect(view.current.count == 2)
            #expect(try await account.mailbox(try MailboxName("Archive"))?.messages == 1)
        }
    }

    @Test("case 69: no number of combinations of keywords fills the memory")
    func combinations() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message(Self.text)], to: .inbox)
            let view = try await account.view(of: .inbox)
            func store(_ names: [String]) async throws {
                let flags = Flags(keywords: Set(names.compactMap { Keyword($0) }))
                _ = try await account.storeFlags(UIDSet([1...1]), in: view.mailboxID, .replace(flags))
            }
            try await store(["known"])
            // Another process enters them.
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            let names = (0..<99).map { "k\($0)" }.joined(separator: " ")
            try await twin.write { operation in
                try operation.db.run(
                    """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT INTO flag_set (system, keywords) SELECT 0, ? || ' n' || i FROM n
                    """, .int(StoreLimits.keywordsOfFlagSets / 100), .text(names))
            }
            await other.close()
            await #expect(throws: StoreError.self) { try await store(["new"]) }
            try await store(["known"])
            try await store([])
        }
    }

    @Test func anotherProcessesCommitReachesTheView() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            let watch = view.watch { continuation.yield() }
            defer { watch.cancel() }
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            let flags = Flags([.flagged], keywords: [try #require(Keyword("$Custom"))])
            _ = try await twin.append([try await temporary.message(Self.text, flags: flags)], to: .inbox)
            for await _ in stream { if view.current.count == 1 { break } }
            #expect(view.current.flags(of: view.current[0]) == flags)
            await other.close()
        }
    }

    @Test func quotaIsKept() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            try await account.setQuota(Int64(Self.text.utf8.count) * 2)
            for _ in 1...2 { _ = try await account.append([try await temporary.message(Self.text)], to: .inbox) }
            let third = try await temporary.message(Self.text)
            let used = Int64(Self.text.utf8.count) * 2
            await #expect(throws: StoreError.overQuota(used: used, quota: used)) {
                try await account.append([third], to: .inbox)
            }
            #expect(try await account.usage().used == used)
        }
    }

    @Test func manyWritersAtOnceLoseNothing() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<16 {
                    group.addTask {
                        for _ in 0..<25 {
                            _ = try await account.append([try await temporary.message(Self.text)], to: .inbox)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(view.current.count == 400)
            #expect(view.current.uidNext == 401)
        }
    }

    @Test func purgeGivesBackBodiesButNotTheNews() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message(Self.text)], to: .inbox)
            let view = try await account.view(of: .inbox)
            _ = try await account.copy(UIDSet([1...1]), from: view.mailboxID, to: try MailboxName("Sent"))
            let body = view.current[0].bodyID
            _ = try await account.storeFlags(.all, in: view.mailboxID, .replace(Flags(.deleted)))
            _ = try await account.expunge(in: view.mailboxID)
            #expect(try await account.purge(expungedBefore: .max).messages == 1)
            #expect(try await account.read { try $0.message(body) }.count == Self.text.utf8.count)
            let sent = try await account.view(of: try MailboxName("Sent"))
            _ = try await account.storeFlags(.all, in: sent.mailboxID, .replace(Flags(.deleted)))
            _ = try await account.expunge(in: sent.mailboxID)
            #expect(try await account.purge(expungedBefore: .max).messages == 1)
            await #expect(throws: StoreError.messageGone) { try await account.read { try $0.message(body) } }
        }
    }
}
