// What the store remembers for clients that come back: tombstones by MODSEQ, and conditional STORE.

import Mail
import MailStore
import TestSupport
import Testing

@Suite struct SynchronizingTests {
    private func uids(_ numbers: UInt32...) -> UIDSet { UIDSet(numbers.map { $0...$0 }) }

    private func fill(_ temporary: TemporaryStore, _ account: AccountStore, _ count: Int) async throws -> MailboxView {
        var messages: [NewMessage] = []
        for number in 0..<count { messages.append(try await temporary.message("Subject: \(number)\r\n\r\nx\r\n")) }
        _ = try await account.append(messages, to: .inbox)
        return try await account.view(of: .inbox)
    }

    @Test func whatVanishedIsKnownByModSeq() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await fill(temporary, account, 6)
            let id = view.mailboxID
            let start = view.current.highestModSeq
            #expect(try await account.vanished(from: id, since: .zero, among: .all).isEmpty)
            _ = try await account.storeFlags(uids(2, 3), in: id, .add(Flags(.deleted)))
            _ = try await account.expunge(in: id)
            let middle = view.current.highestModSeq
            _ = try await account.move(uids(5), from: id, to: MailboxName("Trash"))
            #expect(try await account.vanished(from: id, since: start, among: .all) == uids(2, 3, 5))
            #expect(try await account.vanished(from: id, since: middle, among: .all) == uids(5))
            #expect(try await account.vanished(from: id, since: start, among: uids(1, 3, 6)) == uids(3))
            #expect(try await account.vanished(from: id, since: view.current.highestModSeq, among: .all).isEmpty)
            #expect(try await account.vanished(from: id, since: start, among: UIDSet()).isEmpty)
            // Purged bodies make no difference.
            _ = try await account.purge(expungedBefore: .max)
            #expect(try await account.vanished(from: id, since: start, among: .all) == uids(2, 3, 5))
            let trash = try await account.view(of: MailboxName("Trash"))
            #expect(try await account.vanished(from: trash.mailboxID, since: .zero, among: .all).isEmpty)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let change: FlagChange
        let meanwhile: FlagChange
        let passes: Bool
    }

    @Test(arguments: [
        Row(
            testDescription: "the same flag", change: .add(Flags(.seen)), meanwhile: .add(Flags(.seen)), passes: false),
        Row(
            testDescription: "another flag", change: .add(Flags(.flagged)), meanwhile: .add(Flags(.seen)),
            passes: true),
        Row(
            testDescription: "another flag, removing", change: .remove(Flags(.flagged)), meanwhile: .add(Flags(.seen)),
            passes: true),
        Row(
            testDescription: "all flags", change: .replace(Flags(.flagged)), meanwhile: .add(Flags(.seen)),
            passes: false),
    ])
    func conditionalStore(_ row: Row) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await fill(temporary, account, 2)
            let known = view.current
            _ = try await account.storeFlags(uids(1), in: view.mailboxID, row.meanwhile)
            let outcome = try await account.storeFlags(
                uids(1, 2), in: view.mailboxID, row.change,
                if: StoreCondition(unchangedSince: known.highestModSeq, known: known))
            #expect(outcome.modified == (row.passes ? UIDSet() : uids(1)))
            #expect(!outcome.changed.contains { outcome.modified.contains($0.uid) })
            let never = try await account.storeFlags(
                uids(1, 2), in: view.mailboxID, row.change,
                if: StoreCondition(unchangedSince: .zero, known: view.current))
            #expect(never.modified == uids(1, 2) && never.changed.isEmpty)
        }
    }
}
