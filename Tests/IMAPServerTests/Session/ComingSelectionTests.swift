// SELECT of a large mailbox that nobody has in use: answered before all messages are read, and the same as later.

import Mail
import TestSupport
import Testing

@testable import IMAPServer
@testable import MailStore

@Suite struct ComingSelectionTests {
    private static let name = "Archive"

    /// 2,560 messages, of which so many times 128 are seen, the first ones.
    private static func fill(_ server: TestServer, seen: Int) async throws {
        let inbox = try await server.alice.view(of: .inbox).mailboxID
        try await server.fill(128)
        let all = UIDSet([1...128])
        for copy in 0..<20 {
            let change = copy < seen ? FlagChange.add(Flags(.seen)) : .remove(Flags(.seen))
            _ = try await server.alice.storeFlags(all, in: inbox, change)
            _ = try await server.alice.copy(all, from: inbox, to: MailboxName(name))
        }
        #expect(20 * 128 >= SummaryAhead.worthwhile)
        // Somebody has seen them, so that they are \Recent to nobody else.
        let client = try await server.select(name)
        try await client.command("LOGOUT")
    }

    /// Until the store has let go of the mailbox's messages.
    private static func forget(_ server: TestServer) async throws {
        for number in 0..<20 {
            let name = try MailboxName("Other-\(number)")
            if try await !server.alice.hasMailbox(name) { _ = try await server.alice.createMailbox(name) }
            _ = try await server.alice.view(of: name)
        }
        try await waitUntil("what is \\Recent is stored, and the mailbox let go of") {
            try await server.alice.mailbox(MailboxName(name), counting: .recent)?.recent == 0
        }
    }

    @Test("all that SELECT tells is the same while the mailbox is read and when it is there", arguments: [0, 10, 20])
    func same(seen: Int) async throws {
        try await TestServer.with { server in
            try await Self.fill(server, seen: seen)
            for mode in ClientMode.allCases {
                try await Self.forget(server)
                let client = try await server.login(mode)
                let first = try await client.command(seen == 10 ? "EXAMINE Archive" : "SELECT Archive")
                let again = try await client.command(seen == 10 ? "EXAMINE Archive" : "SELECT Archive")
                #expect(first.isOK && first.code == again.code)
                let told = again.untagged.filter { $0.code != "CLOSED" }
                #expect(first.untagged == told, "\(mode)")
                #expect(first.data("EXISTS").first?.number == 2_560)
                try await client.command("LOGOUT")
            }
        }
    }

    @Test("the store says what it knows before it has read all messages")
    func summary() async throws {
        try await TestServer.with { server in
            try await Self.fill(server, seen: 10)
            try await Self.forget(server)
            guard case .coming(let summary, let mailbox) = try await server.alice.opening(MailboxName(Self.name)) else {
                throw TestFailure("the mailbox was waited for")
            }
            let snapshot = try await mailbox.value().snapshot
            #expect(summary.count == snapshot.count && summary.firstUnseen == 1_280)
            #expect(summary.uidNext == snapshot.uidNext && summary.uidValidity == snapshot.uidValidity)
            #expect(summary.highestModSeq == snapshot.highestModSeq)
            guard case .open(let view) = try await server.alice.opening(MailboxName(Self.name)) else {
                throw TestFailure("the mailbox was read twice")
            }
            #expect(view.current.count == snapshot.count)
            await #expect(throws: StoreError.self) { _ = try await server.alice.opening(MailboxName("Nowhere")) }
        }
    }

    @Test("a command that comes with the SELECT waits for the messages, and changes meanwhile are told")
    func pipelined() async throws {
        try await TestServer.with { server in
            try await Self.fill(server, seen: 20)
            try await Self.forget(server)
            let id = try #require(try await server.alice.mailbox(MailboxName(Self.name))).id
            let client = try await server.login()
            async let changed = server.alice.storeFlags(UIDSet([7...7]), in: id, .add(Flags(.flagged)))
            try await client.send("a SELECT Archive\r\nb UID FETCH 2000 (FLAGS)\r\nc FETCH 2001:2002 (UID)\r\n")
            #expect(try await client.reply(to: "a").isOK)
            let fetched = try await client.reply(to: "b").data("FETCH").filter { $0.uid == 2_000 }
            #expect(fetched.first?.flags == ["\\Seen"])
            #expect(try await client.reply(to: "c").data("FETCH").compactMap(\.uid).suffix(2) == [2_001, 2_002])
            _ = try await changed
            try await client.command("NOOP")
            let flags = try await client.command("FETCH 7 (FLAGS)").data("FETCH").first?.flags
            #expect(flags == ["\\Seen", "\\Flagged"])
            try await client.command("STORE 7 -FLAGS (\\Flagged)")
            #expect(try await client.command("SEARCH FLAGGED").found == [])
        }
    }

    @Test("a summary is given once, where it is complete, and a mailbox that is not as it says is broken")
    func ahead() throws {
        let validity = try #require(UIDValidity(1))
        let seen = FlagSet(id: FlagSetID(rawValue: 1), flags: Flags(.seen))
        let plain = FlagSetID(rawValue: 2)
        let mailbox = MailboxSnapshot(
            mailboxID: MailboxID(rawValue: 1), uidValidity: validity, uidNext: 9_000, highestModSeq: .zero,
            flagSets: FlagSetTable([seen, FlagSet(id: plain, flags: .none)]))
        var given: [Int?] = []
        func ahead(count: Int = 4_000, unseen: Int, firstRecent: UInt64 = 9_000) -> SummaryAhead? {
            given = []
            return SummaryAhead(mailbox, count: count, unseen: unseen, firstRecent: firstRecent) {
                given.append($0.firstUnseen)
            }
        }
        #expect(ahead(count: 100, unseen: 0).map { _ in 1 } == nil && given.isEmpty)
        #expect(ahead(unseen: 0, firstRecent: 8_999).map { _ in 1 } == nil && given.isEmpty)
        var all = try #require(ahead(unseen: 0))
        #expect(given == [nil])
        all.met(plain, at: 5)
        #expect(given == [nil])
        #expect(throws: StoreError.self) { try all.check(3_999) }
        var some = try #require(ahead(unseen: 2))
        for index in 0..<10 { some.met(index < 6 ? seen.id : plain, at: index) }
        #expect(given == [6])
        try some.check(4_000)
        // Nothing was said, so nothing was wrong.
        try #require(ahead(unseen: 2)).check(1)
    }
}
