// Annotations in the store: whose they are, what undelete and purge do to them, who is told.

import Foundation
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct AnnotationsTests {
    private static let bob = AccountID(rawValue: 4_711)

    private func entries(_ account: AccountStore, _ name: MailboxName?, for user: AccountID) async throws -> [String] {
        try await account.annotations(of: name, for: user) { _, _ in true }.map { annotation in
            "\(annotation.entry)=\(String(decoding: annotation.value ?? [], as: UTF8.self))"
        }
    }

    @Test func privateOnesAreTheirOwners() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.setAnnotations(
                ["/private/comment": Array("alice".utf8), "/shared/comment": Array("all".utf8)], of: .inbox,
                by: account.id)
            _ = try await account.setAnnotations(
                ["/private/comment": Array("bob".utf8)], of: .inbox, by: Self.bob)
            #expect(
                try await entries(account, .inbox, for: account.id) == [
                    "/private/comment=alice", "/shared/comment=all",
                ])
            #expect(
                try await entries(account, .inbox, for: Self.bob) == ["/private/comment=bob", "/shared/comment=all"])
            #expect(try await entries(account, nil, for: account.id).isEmpty)
            let changes = try await account.annotationChanges(after: .zero)
            #expect(changes.changes.map(\.entry).sorted() == ["/private/comment", "/shared/comment"])
            #expect(changes.upTo == (try await account.lastAnnotationChange()) && !changes.hasMore)
            let guest = account.accessed(by: Self.bob)
            #expect(try await guest.annotationChanges(after: .zero).changes.isEmpty)
            try await temporary.store.setRights(
                on: .inbox, of: account, for: .account(Self.bob), isNegative: false,
                .replace(try MailboxRights(letters: "lr")))
            let seen = try await guest.annotationChanges(after: .zero)
            #expect(seen.changes.map(\.entry).sorted() == ["/private/comment", "/shared/comment"])
            #expect(try await guest.annotationChanges(after: seen.upTo).changes.isEmpty)
        }
    }

    @Test func comeBackWithTheirMailbox() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let name = try MailboxName("a")
            _ = try await account.createMailbox(name)
            _ = try await account.setAnnotations(["/private/x": [1, 0, 2]], of: name, by: account.id)
            try await account.deleteMailbox(name)
            _ = try await account.createMailbox(name)
            #expect(try await entries(account, name, for: account.id).isEmpty)
            let back = try MailboxName("back")
            _ = try await account.undeleteMailbox(name, as: back)
            #expect(
                try await account.annotations(of: back, for: account.id) { _, _ in true }.first?.value == [1, 0, 2])
            try await account.deleteMailbox(back)
            #expect(try await account.purge(expungedBefore: .max).mailboxes == 1)
            #expect(try await account.annotationChanges(after: .zero).changes.isEmpty)
        }
    }

    @Test func anotherProcessesChangeIsHeard() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
            let watch = account.watchAccount { if $0.hasNewAnnotations || $0.isUnknown { continuation.yield() } }
            defer { watch.cancel() }
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            _ = try await other.account(account.id).setAnnotations(["/private/x": [1]], of: nil, by: account.id)
            for await _ in stream {
                if try await !account.annotationChanges(after: .zero).changes.isEmpty { break }
            }
            await other.close()
        }
    }

    @Test("rows of values that were taken away are bounded")
    func tombstones() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for round in 0..<(StoreLimits.annotationTombstones / 50 + 5) {
                let names = (0..<50).map { "/private/\(round)/\($0)" }
                let set = Dictionary(uniqueKeysWithValues: names.map { ($0, Optional([UInt8]())) })
                _ = try await account.setAnnotations(set, of: nil, by: account.id)
                _ = try await account.setAnnotations(set.mapValues { _ in nil }, of: nil, by: account.id)
            }
            let rows = try await account.file.read { try $0.count("SELECT count(*) FROM annotation") }
            #expect(rows <= Int64(StoreLimits.annotationTombstones) + 50)
        }
    }

    @Test("more changes than are read at once come in pieces, no operation split")
    func manyChanges() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for mailbox in 0..<12 {
                let name = try MailboxName("m\(mailbox)")
                _ = try await account.createMailbox(name)
                for half in 0..<2 {
                    let values = (0..<50).map { ("/private/\(mailbox)/\(half)/\($0)", Optional([UInt8]())) }
                    _ = try await account.setAnnotations(
                        Dictionary(uniqueKeysWithValues: values), of: name, by: account.id)
                }
            }
            let first = try await account.annotationChanges(after: .zero)
            #expect(first.hasMore && first.changes.count == 1_050)
            var (all, place) = (first.changes, first)
            while place.hasMore {
                place = try await account.annotationChanges(after: place.upTo)
                all += place.changes
            }
            #expect(Set(all.map(\.entry)).count == all.count && all.count == 1_200)
            #expect(place.upTo == (try await account.lastAnnotationChange()))
        }
    }

    @Test("an account's file of the first schema opens, with its mailboxes, and takes quotas and annotations")
    func migration() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString).db"
        defer { for suffix in ["", "-wal", "-shm", ".lock"] { unlink(path + suffix) } }
        let old = try DatabaseFile(path: path, steps: [SchemaScripts.account[0]], readers: 1)
        try old.syncOnWriter { db in
            try db.run(
                """
                INSERT INTO mailbox (name, uid_validity, uid_next, first_recent, modseq, created)
                VALUES ('INBOX', 7, 1, 1, 1, 0)
                """)
            try db.run("UPDATE account_state SET last_uid_validity = 7, quota_bytes = 9 WHERE id = 1")
        }
        old.close()
        let account = try AccountStore(
            id: AccountID(rawValue: 1), path: path, readers: 1, compression: Compression())
        #expect(try await account.mailbox(.inbox)?.uidValidity.rawValue == 7)
        #expect(try await account.quotaUsage().quota == AccountQuota(bytes: 9))
        _ = try await account.setAnnotations(["/private/x": [1]], of: .inbox, by: account.id)
        #expect(try await entries(account, .inbox, for: account.id).count == 1)
        account.close()
    }
}
