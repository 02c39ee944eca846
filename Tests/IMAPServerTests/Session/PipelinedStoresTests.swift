// STOREs that arrive together share a commit: and nothing else about them is different.

import Mail
import MailStore
import Synchronization
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PipelinedStoresTests {
    /// Sends all in one packet; gives the replies in order.
    private static func pipeline(_ client: IMAPTestClient, _ lines: [String]) async throws -> [IMAPReply] {
        try await client.send(lines.enumerated().map { "P\($0) \($1)\r\n" }.joined())
        var replies: [IMAPReply] = []
        for index in lines.indices { replies.append(try await client.reply(to: "P\(index)")) }
        return replies
    }

    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    private static let forms = [
        "STORE %a +FLAGS (\\Seen)", "STORE %a:%b -FLAGS (\\Seen)", "STORE %a FLAGS (\\Answered One)",
        "UID STORE %a,%b +FLAGS.SILENT (Two \\Flagged)", "UID STORE %a:%b FLAGS (\\Draft)",
        "UID STORE %b -FLAGS.SILENT (Two)", "STORE %a +FLAGS ()", "UID STORE 900 +FLAGS (\\Seen)",
        "STORE 99 +FLAGS (\\Seen)", "STORE %a +FLAGS nonsense)", "STORE %a:%b +FLAGS.SILENT (\\Answered)",
        "UID STORE 1:* +FLAGS (%a)", "NOOP", "FETCH %a (FLAGS)", "UID SEARCH KEYWORD One", "SEARCH SUBJECT {1+}\r\n7",
        "EXPUNGE", "UID STORE %a +FLAGS (\\Deleted)",
    ]
    private static let conditional = [
        "STORE %a (UNCHANGEDSINCE 6) +FLAGS (\\Seen)", "UID STORE %a:%b (UNCHANGEDSINCE 9) -FLAGS.SILENT (One)",
    ]

    /// Without the keywords that there are, which may be told sooner, and without what repeats the tag.
    private static func told(_ reply: IMAPReply) -> [String] {
        reply.untagged.map { "\($0.values) \($0.code ?? "")" }.filter { line in
            !["[FLAGS,", "[ESEARCH,"].contains { line.hasPrefix($0) } && !line.contains("PERMANENTFLAGS")
        }
    }

    @Test(
        "pitfall 3: STOREs that share a commit are answered in order, as one at a time",
        arguments: ClientMode.allCases)
    func sameAnswers(mode: ClientMode) async throws {
        let seed = UInt64.random(in: .min ... .max)
        var chance = SeededRandom(seed: seed)
        let forms = Self.forms + (mode == .rev1 ? [] : Self.conditional)
        let lines = (0..<300).map { _ in
            forms[Int.random(in: 0..<forms.count, using: &chance)]
                .replacing("%a", with: String(Int.random(in: 1...9, using: &chance)))
                .replacing("%b", with: String(Int.random(in: 1...9, using: &chance)))
        }
        func answers(together: Bool) async throws -> [IMAPReply] {
            try await TestServer.with { server in
                try await server.fill(40)
                let client = try await server.select(mode: mode)
                var replies: [IMAPReply] = []
                if together {
                    for start in stride(from: 0, to: lines.count, by: 50) {
                        replies += try await Self.pipeline(client, Array(lines[start..<start + 50]))
                    }
                } else {
                    for line in lines { replies.append(try await client.command(line)) }
                }
                replies.append(try await client.command("UID FETCH 1:* (FLAGS)"))
                return replies
            }
        }
        let one = try await answers(together: false)
        let other = try await answers(together: true)
        for (index, (alone, together)) in zip(one, other).enumerated() {
            let line = index < lines.count ? lines[index] : "the end"
            #expect(Self.told(together) == Self.told(alone), "seed \(seed), \(index): \(line)")
            #expect(together.tagged.condition == alone.tagged.condition, "seed \(seed), \(index): \(line)")
            #expect(together.tagged.code == alone.tagged.code, "seed \(seed), \(index): \(line)")
        }
    }

    @Test("STOREs that arrived together are one commit; large ones have their own")
    func oneCommit() async throws {
        try await TestServer.with { server in
            try await server.fill(400)
            let client = try await server.select()
            let commits = Counter()
            let watch = server.alice.watchAccount { _ in commits.value.withLock { $0 += 1 } }
            func count(_ lines: [String]) async throws -> Int {
                commits.value.withLock { $0 = 0 }
                for reply in try await Self.pipeline(client, lines) { #expect(reply.isOK) }
                return commits.value.withLock { $0 }
            }
            #expect(try await count((1...40).map { "STORE \($0) +FLAGS (\\Seen)" }) == 1)
            #expect(try await count((1...20).map { "UID STORE \($0) +FLAGS.SILENT (\\Flagged)" }) == 1)
            #expect(try await count((1...3).map { "STORE 1:400 +FLAGS (Key\($0))" }) == 3)
            #expect(try await count(["STORE 1 +FLAGS (A)", "FETCH 1 FLAGS", "STORE 2 +FLAGS (A)"]) == 2)
            watch.cancel()
        }
    }

    @Test("a STORE that fails is answered NO and leaves those around it as they are")
    func failure() async throws {
        try await TestServer.with { server in
            try await server.fill(6)
            // The account can have no more keywords.
            let inbox = try await server.alice.view(of: .inbox).mailboxID
            for start in stride(from: 0, to: StoreLimits.keywords, by: StoreLimits.keywordsPerMessage) {
                let keywords = (start..<start + StoreLimits.keywordsPerMessage).compactMap { Keyword("K\($0)") }
                let flags = Flags([], keywords: Set(keywords))
                _ = try await server.alice.storeFlags(UIDSet([6...6]), in: inbox, .replace(flags))
            }
            let (client, other) = (try await server.select(), try await server.select())
            let replies = try await Self.pipeline(
                client,
                [
                    "STORE 1 +FLAGS (OneMore)", "STORE 2 +FLAGS (\\Seen)", "STORE 3 +FLAGS (OneMore)",
                    "STORE 4 +FLAGS.SILENT (\\Seen)", "STORE 5 +FLAGS (OneMore)",
                ])
            #expect(replies.map(\.isOK) == [false, true, false, true, false])
            #expect(replies.map(\.isNO) == [true, false, true, false, true])
            #expect(replies.map(\.fetches.count) == [0, 1, 0, 0, 0])
            #expect(try await other.command("NOOP").fetches.count == 2)
            for session in [client, other] {
                #expect(try await session.command("SEARCH SEEN").found == [2, 4])
            }
        }
    }

    @Test("a message in the middle, with its literal: the STOREs around it keep their places")
    func literal() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let replies = try await Self.pipeline(
                client,
                [
                    "STORE 1 +FLAGS (\\Seen)", "STORE 2 +FLAGS (\\Seen)",
                    "APPEND INBOX (\\Seen) {17+}\r\nP0 STORE 1 FLAGS\r", "STORE 3 +FLAGS.SILENT (\\Seen)",
                    "STORE 4 -FLAGS (\\Seen)",
                ])
            for reply in replies { #expect(reply.isOK, "\(reply.tagged)") }
            #expect(replies.map(\.fetches.count) == [1, 1, 0, 0, 1])
            #expect(try await client.command("SEARCH SEEN").found == [1, 2, 3])
        }
    }

    @Test("other sessions hear of each, and what they do meanwhile is told", arguments: ClientMode.allCases)
    func otherSessions(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(60)
            let client = try await server.select(mode: mode)
            let other = try await server.select(mode: mode)
            let checker = try await server.select()
            for round in 0..<10 {
                let sign = round % 2 == 0 ? "+" : "-"
                try await client.send((1...50).map { "M\($0) UID STORE \($0) \(sign)FLAGS.SILENT (Mine)\r\n" }.joined())
                try await other.send((1...50).map { "T\($0) STORE \($0 + 10) \(sign)FLAGS (Theirs)\r\n" }.joined())
                for number in 1...50 {
                    #expect(try await client.reply(to: "M\(number)").isOK)
                    #expect(try await other.reply(to: "T\(number)").isOK)
                }
                // What each has been told is what is there: nothing more comes after the next command.
                for session in [client, other] {
                    _ = try await session.command("NOOP")
                    #expect(try await session.command("NOOP").fetches.isEmpty)
                }
                _ = try await checker.command("NOOP")
                for key in ["Mine", "Theirs"] {
                    let found = try await checker.command("SEARCH KEYWORD \(key)").found
                    #expect(found?.count == (round % 2 == 0 ? 50 : 0))
                }
            }
        }
    }
}
