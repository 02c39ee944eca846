// What other servers got wrong where several clients share a mailbox: UIDs that appear late, views that are two.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PitfallSyncTests {
    @Test("pitfall 26: a message that was moved already: OK for MOVE, with nothing said of it")
    func movedAlready() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let (first, second) = (try await server.select(), try await server.select())
            #expect(try await first.command("UID MOVE 1 Trash").isOK)
            let again = try await second.command("UID MOVE 1 Trash")
            #expect(again.isOK && again.code("COPYUID") == nil)
            #expect(try await second.command("UID MOVE 1 Trash").isOK)
            #expect(try await server.alice.mailbox(MailboxName("Trash"))?.messages == 1)
        }
    }

    @Test("pitfall 28: what another connection moved in is in the next UID FETCH n:*")
    func movedIn() async throws {
        try await TestServer.with { server in
            try await server.fill(20)
            let watcher = try await server.select("Trash")
            let mover = try await server.select()
            for number in 1...20 {
                try await mover.command("MOVE 1 Trash")
                // The first answers from what the client was told, and then tells of the new message (EXISTS).
                let reply = try await watcher.command("UID FETCH \(number):* (FLAGS)")
                #expect(reply.exists == UInt64(number) || reply.fetches.contains { $0.uid == UInt64(number) })
                let now = try await watcher.command("UID FETCH \(number):* (FLAGS)")
                #expect(now.fetches.compactMap(\.uid).contains(UInt64(number)))
            }
        }
    }

    @Test("pitfall 28: while many deliver at once, no UID appears below one that was seen before")
    func uidsAppearInOrder() async throws {
        try await TestServer.with { server in
            let watcher = try await server.select()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask { for _ in 0..<25 { try await server.fill(1) } }
                }
                var seen: [UInt64] = []
                while seen.count < 100 {
                    try await watcher.command("NOOP")
                    let now = try await watcher.command("UID SEARCH ALL").found ?? []
                    #expect(Array(now.prefix(seen.count)) == seen, "UIDs appeared among those seen before")
                    seen = now
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("pitfall 29: what SELECT tells is one state, whatever is delivered meanwhile")
    func selectIsOneState() async throws {
        try await TestServer.with { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for _ in 0..<60 { try await server.fill(1) }
                }
                let client = try await server.login()
                for _ in 0..<60 {
                    let reply = try await client.command("SELECT INBOX")
                    // Nothing is ever removed here: the next UID is one more than the number of messages.
                    #expect(reply.code("UIDNEXT").flatMap(UInt64.init) == (reply.exists ?? 0) + 1)
                }
                try await group.waitForAll()
            }
        }
    }
}
