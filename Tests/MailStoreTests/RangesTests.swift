// COPY, MOVE and EXPUNGE of sets with gaps: what the file has afterwards is what one message after the other would be.

import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct RangesTests {
    /// A row of the file, as far as it does not depend on the moment.
    private struct Row: Hashable {
        let uid: Int64
        let flagSet: Int64
        let size: Int64
        let body: Int64?

        func isIn(_ set: UIDSet) -> Bool { set.ranges.contains { $0.contains(UInt32(uid)) } }
    }

    private static let query: StaticString = "SELECT uid, flag_set, size, body_id FROM message WHERE mailbox_id = ?"
    private static let buried: StaticString = "SELECT uid, flag_set, size, body_id FROM tombstone WHERE mailbox_id = ?"

    private func rows(_ account: AccountStore, _ mailbox: MailboxID, _ sql: StaticString) async throws -> [Row] {
        try await account.file.read { db in
            var rows: [Row] = []
            try db.each(sql, .int(mailbox.rawValue)) {
                rows.append(Row(uid: $0.int(0), flagSet: $0.int(1), size: $0.int(2), body: $0.optionalInt(3)))
            }
            return rows.sorted { $0.uid < $1.uid }
        }
    }

    private func randomSet(_ random: inout some RandomNumberGenerator) -> UIDSet {
        UIDSet(
            (0..<Int.random(in: 1...5, using: &random)).map { _ in
                let first = UInt32.random(in: 1...90, using: &random)
                return first...(first + UInt32.random(in: 0...25, using: &random))
            })
    }

    private func deletedSets(_ account: AccountStore) async throws -> Set<Int64> {
        try await account.file.read { db in
            var sets: Set<Int64> = []
            try db.each("SELECT id FROM flag_set WHERE system & ? <> 0", .int(SystemFlags.deleted.rawValue)) {
                sets.insert($0.int(0))
            }
            return sets
        }
    }

    private func fill(_ temporary: TemporaryStore, _ account: AccountStore) async throws {
        let flags = [Flags.none, Flags(.seen), Flags(.deleted), Flags([.deleted, .flagged])]
        for number in 0..<90 {
            let text = "Subject: \(number)\r\n\r\n" + String(repeating: "x", count: number)
            let message = try await temporary.message(text, flags: flags.randomElement() ?? .none)
            _ = try await account.append([message], to: .inbox)
        }
    }

    private func copy(_ set: UIDSet, _ account: AccountStore, _ inbox: MailboxID, to name: MailboxName) async throws {
        let target = try #require(try await account.mailbox(name)).id
        let (before, there) = (try await rows(account, inbox, Self.query), try await rows(account, target, Self.query))
        let meant = before.filter { $0.isIn(set) }
        let outcome = try await account.copy(set, from: inbox, to: name)
        #expect(outcome.pairs.map { Int64($0.source.rawValue) } == meant.map(\.uid))
        let copies = zip(outcome.pairs, meant).map {
            Row(uid: Int64($0.destination.rawValue), flagSet: $1.flagSet, size: $1.size, body: $1.body)
        }
        #expect(try await rows(account, target, Self.query) == there + copies)
        if target != inbox { #expect(try await rows(account, inbox, Self.query) == before) }
    }

    private func move(_ set: UIDSet, _ account: AccountStore, _ inbox: MailboxID, to name: MailboxName) async throws {
        let target = try #require(try await account.mailbox(name)).id
        let (before, there) = (try await rows(account, inbox, Self.query), try await rows(account, target, Self.query))
        let graves = try await rows(account, inbox, Self.buried)
        let meant = before.filter { $0.isIn(set) }
        #expect(try await account.move(set, from: inbox, to: name).pairs.count == meant.count)
        #expect(try await rows(account, inbox, Self.query) == before.filter { !$0.isIn(set) })
        #expect(try await rows(account, target, Self.query).map(\.body) == (there + meant).map(\.body))
        let moved = meant.map { Row(uid: $0.uid, flagSet: $0.flagSet, size: $0.size, body: nil) }
        #expect(try await rows(account, inbox, Self.buried) == (graves + moved).sorted { $0.uid < $1.uid })
    }

    private func expunge(_ set: UIDSet, _ account: AccountStore, _ inbox: MailboxID) async throws {
        let before = try await rows(account, inbox, Self.query)
        let graves = try await rows(account, inbox, Self.buried)
        let deleted = try await deletedSets(account)
        let gone = before.filter { $0.isIn(set) && deleted.contains($0.flagSet) }
        let uids = try await account.expunge(in: inbox, only: set)
        #expect(uids.map { Int64($0.rawValue) } == gone.map(\.uid))
        #expect(try await rows(account, inbox, Self.query) == before.filter { !gone.contains($0) })
        #expect(try await rows(account, inbox, Self.buried) == (graves + gone).sorted { $0.uid < $1.uid })
    }

    /// - Parameter isInUse: whether the mailboxes are in memory or read from the file.
    @Test(arguments: [true, false], 0..<4)
    func randomSets(isInUse: Bool, round: Int) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            var random = SeededRandom()
            try await fill(temporary, account)
            let (sent, archive) = (try MailboxName("Sent"), try MailboxName("Archive"))
            let inbox = try #require(try await account.mailbox(.inbox)).id
            var views: [MailboxView] = []
            if isInUse { for name in [.inbox, sent, archive] { views.append(try await account.view(of: name)) } }
            for _ in 0..<12 {
                let set = randomSet(&random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: try await copy(set, account, inbox, to: sent)
                case 1: try await copy(set, account, inbox, to: .inbox)
                case 2: try await move(set, account, inbox, to: archive)
                default: try await expunge(set, account, inbox)
                }
                for view in views {
                    let stored = try await rows(account, view.mailboxID, Self.query)
                    let current = view.current
                    #expect((0..<current.count).map { Int64(current[$0].uid.rawValue) } == stored.map(\.uid))
                    #expect((0..<current.count).map { current[$0].bodyID.rawValue } == stored.map(\.body))
                }
            }
            #expect(try await account.checkIntegrity().problems == [])
        }
    }
}
