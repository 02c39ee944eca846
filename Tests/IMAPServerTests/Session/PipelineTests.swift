// Commands that arrive together: answers in order and the same as one at a time, and ambiguous pipelines that hit the
// messages that the client meant.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PipelineTests {
    /// Sends all in one packet; gives the replies in order.
    private static func pipeline(_ client: IMAPTestClient, _ lines: [String]) async throws -> [IMAPReply] {
        let tagged = lines.enumerated().map { "P\($0) \($1)\r\n" }
        try await client.send(tagged.joined())
        var replies: [IMAPReply] = []
        for index in lines.indices { replies.append(try await client.reply(to: "P\(index)")) }
        return replies
    }

    /// A client that does not know yet that another one has removed the first message.
    private static func behind(
        _ server: TestServer
    ) async throws -> (client: IMAPTestClient, other: IMAPTestClient) {
        let client = try await server.select()
        let other = try await server.select()
        try await other.command("STORE 1 +FLAGS (\\Deleted)")
        try await other.command("EXPUNGE")
        return (client, other)
    }

    @Test("pitfall 3: reads that share a job are answered in order, as one at a time")
    func sameAnswers() async throws {
        try await TestServer.with { server in
            try await server.fill(40)
            let big = "Subject: large\r\n\r\n" + String(repeating: "0123456789abcdef\r\n", count: 40_000)
            try await server.deliver([big])
            let client = try await server.select()
            let forms = [
                "UID FETCH %d (UID FLAGS BODY.PEEK[])", "FETCH %d (ENVELOPE BODYSTRUCTURE)",
                "FETCH %d BODY.PEEK[HEADER]",
                "FETCH %d (UID FLAGS)", "UID FETCH %d:* (BODY.PEEK[1])", "FETCH 99 ENVELOPE", "FETCH nonsense",
                "FETCH 41 BODY.PEEK[]", "NOOP", "UID FETCH 500 ENVELOPE", "FETCH %d BODY[TEXT]", "SEARCH SUBJECT 7",
            ]
            let lines = (1...40).flatMap { number in
                forms.map { $0.replacing("%d", with: String(number)) }.filter { _ in Bool.random() }
            }
            // \Seen of all is set first, so that the order of two runs makes no difference.
            #expect(try await client.command("STORE 1:* +FLAGS (\\Seen)").isOK)
            var alone: [IMAPReply] = []
            for line in lines { alone.append(try await client.command(line)) }
            for (index, reply) in try await Self.pipeline(client, lines).enumerated() {
                #expect(reply.untagged == alone[index].untagged, "\(lines[index])")
                #expect(reply.tagged.condition == alone[index].tagged.condition, "\(lines[index])")
            }
        }
    }

    @Test("reads that arrived together are one job of the store; what changes something parts them")
    func oneJob() async throws {
        try await TestServer.with { server in
            try await server.fill(24)
            let client = try await server.select()
            let reads = (1...24).map { "FETCH \($0) ENVELOPE" }
            func jobs(_ lines: [String], together: Bool = true) async throws -> Int {
                let before = server.alice.readCount
                if together {
                    for reply in try await Self.pipeline(client, lines) { #expect(reply.isOK) }
                } else {
                    for line in lines { #expect(try await client.command(line).isOK) }
                }
                return server.alice.readCount - before
            }
            #expect(try await jobs(reads, together: false) == 24)
            #expect(try await jobs(reads) == 1)
            let parted = Array(reads[..<9]) + ["STORE 9 +FLAGS (\\Flagged)"] + Array(reads[9...])
            #expect(try await jobs(parted) == 2)
            // What the snapshot in memory knows is no job at all.
            #expect(try await jobs((1...24).map { "FETCH \($0) (UID FLAGS INTERNALDATE RFC822.SIZE)" }) == 0)
            #expect(try await jobs(["FETCH 1:24 ENVELOPE", "UID FETCH 1:24 (BODYSTRUCTURE BODY.PEEK[HEADER])"]) == 1)
        }
    }

    @Test("case 80: no EXPUNGE slips in before a sequence number that was sent already", arguments: [
        "NOOP", "CHECK", "UID FETCH 1:* FLAGS", "UID SEARCH ALL", "STATUS Sent (MESSAGES)", "COPY 5 Sent",
        "UID FETCH 5 BODY.PEEK[]", "UID STORE 5 +FLAGS (A)", "LIST \"\" *", "APPEND Sent {6+}\r\nA: b\r\n",
    ])
    func ambiguous(between: String) async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let (client, other) = try await Self.behind(server)
            let replies = try await Self.pipeline(
                client, [between, between, "STORE 3 +FLAGS (Mine)", "FETCH 3 (UID FLAGS)", "NOOP"])
            for reply in replies.prefix(4) { #expect(reply.isOK && reply.expunged.isEmpty) }
            #expect(replies[3].fetches.last?.uid == 3)
            #expect(replies[4].expunged == [1])
            try await other.command("NOOP")
            let marked = try await other.command("UID SEARCH KEYWORD Mine").found
            #expect(marked == [3])
        }
    }

    @Test("case 80: nor before one among the keys of a search", arguments: [
        "UID SEARCH 3", "UID SORT (DATE) UTF-8 3", "UID THREAD REFERENCES UTF-8 3", "ESEARCH 3",
    ])
    func ambiguousKeys(last: String) async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let (client, _) = try await Self.behind(server)
            let replies = try await Self.pipeline(client, ["NOOP", last, "NOOP"])
            for reply in replies { #expect(reply.isOK, "\(reply.tagged)") }
            #expect(replies[0].expunged.isEmpty)
            #expect(replies[1].expunged.isEmpty && replies[2].expunged == [1])
            let answer = replies[1].esearch?.all ?? replies[1].untagged.first.map { "\($0.values)" }
            #expect(answer?.contains("3") == true && answer?.contains("4") == false, "\(answer ?? "")")
        }
    }

    @Test("case 80: REPLACE by number hits the message that was meant too")
    func ambiguousReplace() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let (client, _) = try await Self.behind(server)
            let replies = try await Self.pipeline(client, ["NOOP", "REPLACE 3 INBOX {6+}\r\nA: b\r\n", "NOOP"])
            for reply in replies { #expect(reply.isOK) }
            #expect(replies[0].expunged.isEmpty)
            #expect(try await client.command("UID SEARCH ALL").found == [2, 4, 5, 6])
        }
    }

    @Test("RFC 9051 §5.5: lawful pipelines tell of EXPUNGE as soon as they may")
    func lawful() async throws {
        try await TestServer.with { server in
            try await server.fill(6)
            let (client, _) = try await Self.behind(server)
            let first = try await Self.pipeline(
                client, ["FETCH 2 FLAGS", "STORE 2 +FLAGS (A)", "SEARCH ALL", "NOOP", "NOOP"])
            for reply in first { #expect(reply.isOK) }
            #expect(first[3].expunged == [1] && first[4].expunged.isEmpty)
            let second = try await Self.pipeline(client, ["STORE 1 +FLAGS (\\Deleted)", "COPY 2 Sent", "EXPUNGE"])
            for reply in second { #expect(reply.isOK) }
            #expect(second[2].expunged == [1])
            #expect(try await client.command("UID SEARCH ALL").found == [3, 4, 5, 6])
        }
    }

    @Test("what EXPUNGE and MOVE removed is their answer, whatever stands behind them")
    func ownExpunges() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let client = try await server.select()
            let replies = try await Self.pipeline(
                client,
                ["STORE 1 +FLAGS (\\Deleted)", "EXPUNGE", "FETCH 1 UID", "MOVE 1 Trash", "FETCH 1 UID", "NOOP"])
            #expect(replies[1].expunged == [1] && replies[3].expunged == [1])
            #expect(replies[2].fetches.first?.uid == 2 && replies[4].fetches.first?.uid == 3)
        }
    }

    @Test("what was read ahead is not lost when the wire changes its mode behind it")
    func modes() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            try await client.send(
                "A UID FETCH 1 ENVELOPE\r\nB UID FETCH 2 ENVELOPE\r\nC IDLE\r\nDONE\r\n"
                    + "D FETCH 1 ENVELOPE\r\nE FETCH 2 ENVELOPE\r\nF APPEND Sent {10+}\r\nA: b\r\n\r\nxy\r\n"
                    + "G FETCH 3 ENVELOPE\r\nH FETCH 3 BODY.PEEK[HEADER.FIELDS ({7+}\r\nSubject)]\r\nI LOGOUT\r\n"
                    + "J CREATE never\r\n")
            for tag in ["A", "B"] { #expect(try await client.reply(to: tag).fetches.count == 1) }
            #expect(try await client.response().tag == "+")
            #expect(try await client.reply(to: "C").isOK)
            for tag in ["D", "E"] { #expect(try await client.reply(to: tag).fetches.count == 1) }
            #expect(try await client.reply(to: "F").isOK)
            for tag in ["G", "H"] { #expect(try await client.reply(to: tag).fetches.count == 1) }
            #expect(try await client.reply(to: "I").isOK)
            #expect(try await client.untilClosed().isEmpty)
            #expect(try await server.login().command("SELECT never").isNO)
        }
    }

    @Test("a message that another session removed is missing from its own command alone")
    func missing() async throws {
        try await TestServer.with { server in
            try await server.fill(4)
            let client = try await server.select()
            let other = try await server.select()
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            let replies = try await Self.pipeline(
                client, (1...4).map { "FETCH \($0) (UID BODY.PEEK[TEXT])" })
            for index in [0, 2, 3] {
                #expect(replies[index].isOK && replies[index].fetches.first?.uid == UInt64(index + 1))
            }
            for reply in replies { #expect(reply.expunged.isEmpty) }
        }
    }
}
