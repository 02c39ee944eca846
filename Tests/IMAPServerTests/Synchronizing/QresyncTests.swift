// QRESYNC (RFC 7162 §3.2): VANISHED in place of EXPUNGE, and coming back to a mailbox in one command.

import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct QresyncTests {
    @Test(
        "what is gone is told by UID, to each session once",
        arguments: ["EXPUNGE", "UID EXPUNGE 2,4", "MOVE 2,4 Trash", "UID MOVE 2,4 Trash"])
    func vanishing(_ command: String) async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let actor = try await server.select(mode: .qresync)
            let watcher = try await server.select(mode: .qresync)
            let plain = try await server.select()
            try await actor.command("STORE 2,4 +FLAGS (\\Deleted)")
            let reply = try await actor.command(command)
            #expect(reply.vanished == [2, 4] && reply.expunged.isEmpty)
            let highest = try #require(reply.tagged.code)
            #expect(highest.hasPrefix("HIGHESTMODSEQ "))
            #expect(try await watcher.command("NOOP").vanished == [2, 4])
            #expect(try await plain.command("NOOP").expunged == [4, 2])
            #expect(try await watcher.command("NOOP").untagged.isEmpty)
            #expect(try await actor.command("FETCH 1:3 UID").fetches.compactMap(\.uid) == [1, 3, 5])
            // What the client would come back with is all that there is.
            let other = try await server.login(.qresync)
            let known = "\(try await server.validity()) \(highest.dropFirst(14))"
            let back = try await other.command("SELECT INBOX (QRESYNC (\(known)))")
            #expect(back.data("VANISHED").isEmpty && back.fetches.isEmpty)
        }
    }

    @Test("EXPUNGE of nothing has no HIGHESTMODSEQ, CLOSE never")
    func withoutCode() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await server.select(mode: .qresync)
            #expect(try await client.command("EXPUNGE").code == nil)
            try await client.command("STORE 1 +FLAGS (\\Deleted)")
            let close = try await client.command("CLOSE")
            #expect(close.isOK && close.code == nil && close.untagged.isEmpty)
        }
    }

    @Test("RFC 7162 §3.2.10.2: no VANISHED while sequence numbers count; a lost connection loses nothing")
    func heldBack() async throws {
        try await TestServer.with { server in
            try await server.fill(4)
            let client = try await server.select(mode: .qresync)
            let told = try #require(try await client.command("NOOP").isOK ? client : nil)
            let before = UInt64(try await told.command("STATUS INBOX (HIGHESTMODSEQ)").data("STATUS").first?
                .values[2].list?[1].number ?? 0)
            let other = try await server.select()
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            try await client.command("NOOP")
            let safe = UInt64(try await client.command("STATUS INBOX (HIGHESTMODSEQ)").data("STATUS").first?
                .values[2].list?[1].number ?? 0)
            #expect(safe > before)
            try await other.command("EXPUNGE")
            try await other.command("STORE 1 +FLAGS (\\Flagged)")
            for command in ["FETCH 1:3 FLAGS", "STORE 3 +FLAGS.SILENT (\\Answered)", "SEARCH ALL", "UID SEARCH 1:2"] {
                let reply = try await client.command(command)
                #expect(reply.vanished.isEmpty)
                #expect(reply.code("HIGHESTMODSEQ") == String(safe), "after \(command)")
            }
            let reply = try await client.command("NOOP")
            #expect(reply.vanished == [2])
            #expect(UInt64(reply.code("HIGHESTMODSEQ") ?? "") ?? 0 > safe)
            #expect(try await client.command("FETCH 1 FLAGS").code("HIGHESTMODSEQ") == nil)
            // A client that was cut off after the FETCH comes back with the safe one.
            let back = try await server.login(.qresync)
            let resync = try await back.command("SELECT INBOX (QRESYNC (\(try await server.validity()) \(safe)))")
            #expect(resync.vanishedEarlier == [2])
            #expect(resync.fetches.compactMap(\.uid) == [1, 3])
        }
    }

    @Test("UID commands may tell of what is gone")
    func uidCommandsTell() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select(mode: .qresync)
            let other = try await server.select()
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            let reply = try await client.command("UID FETCH 1:* (FLAGS)")
            #expect(reply.vanished == [2])
            // 2 was still in the client's view: it is no VANISHED (EARLIER).
            #expect(reply.vanishedEarlier.isEmpty)
        }
    }

    // MARK: Coming back

    /// Ten messages; then 2, 4, 9 and 10 are expunged, 5 and 6 flagged, and two more arrive.
    private func history(_ server: TestServer) async throws -> (validity: UInt32, since: UInt64) {
        try await server.fill(10)
        let client = try await server.login()
        let since = UInt64(try await client.command("SELECT INBOX").code("HIGHESTMODSEQ") ?? "") ?? 0
        try await client.command("STORE 2,4,9:10 +FLAGS (\\Deleted)")
        try await client.command("EXPUNGE")
        try await client.command("UID STORE 5:6 +FLAGS (\\Flagged)")
        try await server.fill(2)
        return (try await server.validity(), since)
    }

    @Test("SELECT with QRESYNC tells what is gone, what changed and what is new")
    func comingBack() async throws {
        try await TestServer.with { server in
            let (validity, since) = try await history(server)
            let client = try await server.login(.qresync)
            let reply = try await client.command("SELECT INBOX (QRESYNC (\(validity) \(since)))")
            #expect(reply.isOK && reply.exists == 8)
            #expect(reply.vanishedEarlier == [2, 4, 9, 10])
            #expect(reply.fetches.compactMap(\.uid) == [5, 6, 11, 12])
            #expect(reply.fetches.compactMap(\.number) == [3, 4, 7, 8])
            #expect(reply.fetches.allSatisfy { $0.modSeq ?? 0 > since && $0.flags != nil })
            let names = reply.untagged.map { $0.name ?? "" }
            let firstFetch = try #require(names.firstIndex(of: "FETCH"))
            #expect(try #require(names.lastIndex(of: "VANISHED")) < firstFetch)
            #expect(try #require(names.firstIndex(of: "EXISTS")) < firstFetch)
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let known: String
        let vanished: [UInt64]
        let changed: [UInt64]
    }

    @Test(arguments: [
        Row(testDescription: "known UIDs only", known: " 1:5", vanished: [2, 4], changed: [5]),
        Row(testDescription: "known UIDs beyond the end", known: " 9:4294967295", vanished: [9, 10], changed: [11, 12]),
        Row(testDescription: "nothing known", known: " 4000", vanished: [], changed: []),
        Row(
            testDescription: "the first pair agrees: nothing below it", known: " 1:10 (1,3 1,3)",
            vanished: [2, 4, 9, 10], changed: [5, 6]),
        Row(
            testDescription: "a later pair agrees", known: " 1:10 (1:6 1,3,5:8)", vanished: [9, 10], changed: [5, 6]),
        Row(testDescription: "pairs without known UIDs", known: " (6 8)", vanished: [9, 10], changed: [5, 6, 11, 12]),
        Row(
            testDescription: "pairs that never agree", known: " 1:10 (1:4294967295 20:4294967295)",
            vanished: [2, 4, 9, 10], changed: [5, 6]),
    ])
    func comingBackWith(_ row: Row) async throws {
        try await TestServer.with { server in
            let (validity, since) = try await history(server)
            let client = try await server.login(.qresync)
            let reply = try await client.command("SELECT INBOX (CONDSTORE QRESYNC (\(validity) \(since)\(row.known)))")
            #expect(reply.isOK)
            #expect(reply.vanishedEarlier == row.vanished)
            #expect(reply.fetches.compactMap(\.uid) == row.changed)
        }
    }

    @Test("after a restore a client hears of each UID that is not there, and of all that is")
    func afterARestore() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let inbox = try await server.alice.mailbox(.inbox)
            let (since, validity) = (inbox?.modSeq.rawValue ?? 0, inbox?.uidValidity.rawValue ?? 0)
            // As what a backup brings, into which nobody looks yet.
            try await server.alice.moveNumbersAhead(secondsSinceBackup: 60)
            let client = try await server.login(.qresync)
            let reply = try await client.command("SELECT INBOX (QRESYNC (\(validity) \(since) 2:4,7:9))")
            #expect(reply.vanishedEarlier == [7, 8, 9])
            #expect(reply.fetches.compactMap(\.uid) == [2, 3, 4])
            let all = try await client.command("SELECT INBOX (QRESYNC (\(validity) \(since) 1:500))")
            #expect(all.vanishedEarlier == Array(6...500))
            let highest = try #require(all.code("HIGHESTMODSEQ"))
            let later = try await client.command("SELECT INBOX (QRESYNC (\(validity) \(highest)))")
            #expect(later.data("VANISHED").isEmpty && later.fetches.isEmpty)
        }
    }

    @Test("another UIDVALIDITY: nothing but a plain SELECT; a MODSEQ of today: nothing has changed")
    func nothingToTell() async throws {
        try await TestServer.with { server in
            let (validity, since) = try await history(server)
            let client = try await server.login(.qresync)
            let wrong = try await client.command("SELECT INBOX (QRESYNC (\(validity + 1) \(since) 1:10))")
            #expect(wrong.isOK && wrong.data("VANISHED").isEmpty && wrong.fetches.isEmpty)
            let highest = try #require(wrong.code("HIGHESTMODSEQ"))
            let now = try await client.command("SELECT INBOX (QRESYNC (\(validity) \(highest)))")
            #expect(now.data("VANISHED").isEmpty && now.fetches.isEmpty)
            #expect(now.untagged.first?.code == "CLOSED")
        }
    }

    @Test("UID FETCH with VANISHED: the set's expunged UIDs first, * being the last ever given out")
    func fetchVanished() async throws {
        try await TestServer.with { server in
            try await server.fill(6)
            let other = try await server.select()
            let since = try #require(try await other.command("SELECT INBOX").code("HIGHESTMODSEQ"))
            try await other.command("STORE 2,5:6 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            try await other.command("UID STORE 1 +FLAGS (\\Flagged)")
            let client = try await server.select(mode: .qresync)
            let all = try await client.command("UID FETCH 1:* (FLAGS) (CHANGEDSINCE \(since) VANISHED)")
            #expect(all.vanishedEarlier == [2, 5, 6])
            #expect(all.fetches.compactMap(\.uid) == [1])
            #expect(all.untagged.first?.name == "VANISHED")
            let some = try await client.command("UID FETCH 3:5 FLAGS (VANISHED CHANGEDSINCE \(since))")
            #expect(some.vanishedEarlier == [5] && some.fetches.isEmpty)
            let none = try await client.command("UID FETCH 1:* FLAGS (VANISHED CHANGEDSINCE 9223372036854775807)")
            #expect(none.data("VANISHED").isEmpty)
        }
    }

    @Test(
        "what needs ENABLE QRESYNC is BAD before it, and leaves the selected mailbox alone",
        arguments: ["SELECT Sent (QRESYNC (1 1))", "UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)"])
    func withoutEnable(_ command: String) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            #expect(try await client.command(command).isBAD)
            #expect(try await client.command("FETCH 1 UID").fetches.count == 1)
        }
    }

    @Test("CLOSED stands between two mailboxes, in every mode and also when the second is not there",
        arguments: ClientMode.allCases)
    func closed(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let client = try await server.login(mode)
            #expect(try await client.command("SELECT INBOX").code("CLOSED") == nil)
            #expect(try await client.command("SELECT Sent").untagged.first?.code == "CLOSED")
            #expect(try await client.command("EXAMINE nowhere").untagged.first?.code == "CLOSED")
            #expect(try await client.command("EXAMINE Sent").untagged.first?.code != "CLOSED")
            try await client.command("UNSELECT")
            #expect(try await client.command("SELECT INBOX").untagged.first?.code != "CLOSED")
        }
    }

    @Test("pitfall 28: a client that resynchronizes after random changes of others has the server's state",
        arguments: [1, 2, 3, 4] as [UInt64])
    func randomResynchronization(seed: UInt64) async throws {
        try await TestServer.with { server in
            try await server.fill(30)
            var random = SeededRandom(seed: seed)
            let actor = try await server.select()
            var cache: [UInt64: Set<String>] = [:]
            var since: UInt64 = 0
            let validity = try await server.validity()
            for round in 0..<12 {
                for _ in 0..<5 { _ = try await actor.command(Self.change(&random)) }
                let client = try await server.login(.qresync)
                let parameter = since == 0 ? "" : " (QRESYNC (\(validity) \(since)))"
                let reply = try await client.command("SELECT INBOX\(parameter)")
                for uid in reply.vanishedEarlier { cache[uid] = nil }
                for fetch in reply.fetches { cache[fetch.uid ?? 0] = fetch.flags?.subtracting(["\\Recent"]) }
                if since == 0 {
                    for fetch in try await client.command("UID FETCH 1:* FLAGS").fetches {
                        cache[fetch.uid ?? 0] = fetch.flags?.subtracting(["\\Recent"])
                    }
                }
                since = UInt64(reply.code("HIGHESTMODSEQ") ?? "") ?? 0
                var truth: [UInt64: Set<String>] = [:]
                for fetch in try await client.command("UID FETCH 1:* FLAGS").fetches {
                    truth[fetch.uid ?? 0] = fetch.flags?.subtracting(["\\Recent"])
                }
                #expect(cache == truth, "seed \(seed), round \(round)")
                await client.close()
            }
        }
    }

    private static func change(_ random: inout SeededRandom) -> String {
        let uid = Int.random(in: 1...40, using: &random)
        let flag = ["\\Seen", "\\Flagged", "\\Deleted", "work"].randomElement(using: &random) ?? "\\Seen"
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return "EXPUNGE"
        case 1: return "UID MOVE \(uid) Trash"
        case 2: return "UID COPY \(uid) INBOX"
        case 3: return "APPEND INBOX {14+}\r\nSubject: x\r\n\r\n"
        default: return "UID STORE \(uid):\(uid + 2) \(Bool.random(using: &random) ? "+" : "-")FLAGS.SILENT (\(flag))"
        }
    }
}

extension TestServer {
    /// INBOX's UIDVALIDITY.
    func validity() async throws -> UInt32 { try await alice.view(of: .inbox).current.uidValidity.rawValue }
}
