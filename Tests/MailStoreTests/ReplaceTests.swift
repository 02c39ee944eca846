// REPLACE in the store: the new message and the one that goes are one commit, or nothing is.

import Mail
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct ReplaceTests {
    private func message(_ temporary: TemporaryStore, _ number: Int, size: Int = 0) async throws -> NewMessage {
        let body = String(repeating: "x", count: size)
        return try await temporary.message("Subject: \(number)\r\n\r\n\(body)\r\n", flags: Flags(.flagged))
    }

    @Test("the view goes from one state to the other in one step, in its own mailbox and to another")
    func whole() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for number in 1...3 { _ = try await account.append([try await message(temporary, number)], to: .inbox) }
            let view = try await account.view(of: .inbox)
            let before = view.current
            let seen = SeenStates()
            let watch = view.watch { seen.add(view.current) }
            let same = try await account.replace(
                try #require(UID(2)), in: view.mailboxID, with: try await message(temporary, 4), to: .inbox)
            #expect(same.uids == [UID(4)])
            watch.cancel()
            #expect(seen.uids == [[1, 3, 4]])
            #expect(view.current.highestModSeq > before.highestModSeq)
            let vanished = try await account.vanished(from: view.mailboxID, since: before.highestModSeq, among: .all)
            #expect(vanished == UIDSet([2...2]))
            let archive = try MailboxName("Archive")
            let other = try await account.replace(
                try #require(UID(1)), in: view.mailboxID, with: try await message(temporary, 5), to: archive)
            #expect(other.uids == [UID(1)])
            #expect(view.current.count == 2)
            #expect(try await account.view(of: archive).current.count == 1)
            // What was replaced can be brought back, as what is expunged can.
            #expect(try await account.undelete(ExpungedChoice()).messages == 2)
        }
    }

    @Test("what cannot be done is not begun", arguments: ["gone", "quota", "nowhere", "deleted mailbox"])
    func nothing(_ why: String) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for number in 1...2 { _ = try await account.append([try await message(temporary, number)], to: .inbox) }
            let view = try await account.view(of: .inbox)
            let before = view.current
            let old = try await account.createMailbox(MailboxName("Old"))
            try await account.deleteMailbox(MailboxName("Old"))
            if why == "quota" { try await account.setQuota(1_000) }
            let target = why == "nowhere" ? try MailboxName("nowhere") : .inbox
            let error = await #expect(throws: StoreError.self) {
                _ = try await account.replace(
                    try #require(UID(why == "gone" ? 9 : 1)), in: why == "deleted mailbox" ? old.id : view.mailboxID,
                    with: try await message(temporary, 3, size: why == "quota" ? 2_000 : 0), to: target)
            }
            switch (why, error) {
            case ("gone", .messageGone), ("quota", .overQuota), ("nowhere", .mailboxNotFound),
                ("deleted mailbox", .messageGone):
                break
            default: Issue.record("\(why): \(error.map { "\($0)" } ?? "nothing")")
            }
            #expect(view.current.count == 2 && view.current.highestModSeq == before.highestModSeq)
            #expect(try await account.vanished(from: view.mailboxID, since: .zero, among: .all).isEmpty)
        }
    }
}

/// The states of a mailbox that a watcher was told of.
private final class SeenStates: Sendable {
    private let states = Mutex<[[UInt32]]>([])

    var uids: [[UInt32]] { states.withLock { $0 } }
    func add(_ snapshot: MailboxSnapshot) {
        let uids = (0..<snapshot.count).map { snapshot[$0].uid.rawValue }
        states.withLock { $0.append(uids) }
    }
}
