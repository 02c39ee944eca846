// APPENDs that arrive together share commits: and are answered in order, each when it is stored.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PipelinedAppendsTests {
    private static func append(_ tag: String, to mailbox: String, _ text: String, sign: String = "+") -> String {
        "\(tag) APPEND \(mailbox) {\(text.utf8.count)\(sign)}\r\n\(text)\r\n"
    }

    @Test("answered in order, with ascending UIDs, and EXISTS as each one brings it", arguments: ClientMode.allCases)
    func inOrder(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let client = try await server.select(mode: mode)
            let other = try await server.select(mode: mode)
            let texts = (1...80).map { Sample.message($0) + String(repeating: "x", count: $0 % 7 * 3_000) + "\r\n" }
            let lines = texts.enumerated().map { Self.append("A\($0)", to: "INBOX", $1) }
            try await client.send(lines.joined())
            for number in texts.indices {
                let reply = try await client.reply(to: "A\(number)")
                #expect(reply.isOK, "\(reply.tagged)")
                #expect(reply.tagged.code?.hasSuffix(" \(number + 1)") == true, "\(reply.tagged.code ?? "")")
            }
            _ = try await other.command("NOOP")
            for session in [client, other] {
                let fetches = try await session.command("UID FETCH 1:* (RFC822.SIZE)").fetches
                #expect(fetches.compactMap(\.uid) == Array(1...80))
            }
            for number in [1, 40, 80] {
                let found = try await client.command("UID SEARCH UID \(number) SUBJECT \"Number \(number)\"")
                #expect(found.isOK)
            }
            #expect(try await server.alice.mailbox(.inbox)?.messages == 80)
        }
    }

    @Test("one that fails is answered NO in its place, and what stands behind is carried out")
    func failures() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let text = Sample.message(1)
            try await client.send(
                Self.append("A0", to: "INBOX", text) + Self.append("A1", to: "Nowhere", text)
                    + Self.append("A2", to: "INBOX", text) + "A3 STORE 1 +FLAGS (\\Seen)\r\n"
                    + Self.append("A4", to: "Sent", text) + "A5 APPEND INBOX {0+}\r\n\r\n"
                    + Self.append("A6", to: "INBOX", text) + "A7 nonsense\r\nA8 SEARCH ALL\r\nA9 EXPUNGE\r\n")
            var replies: [IMAPReply] = []
            for number in 0...9 { replies.append(try await client.reply(to: "A\(number)")) }
            #expect(replies.map(\.isOK) == [true, false, true, true, true, false, true, false, true, true])
            #expect(replies[1].tagged.code == "TRYCREATE")
            #expect(replies[3].fetches.count == 1)
            #expect(replies[8].found == [1, 2, 3])
        }
    }

    @Test("a literal that waits for its + gets it behind the answers of those before it")
    func synchronizing() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let text = Sample.message(1)
            try await client.send(
                Self.append("A0", to: "INBOX", text) + Self.append("A1", to: "INBOX", text)
                    + "A2 APPEND INBOX {\(text.utf8.count)}\r\n")
            for number in 0...1 { #expect(try await client.reply(to: "A\(number)").isOK) }
            #expect(try await client.response().tag == "+")
            try await client.send(text + "\r\n")
            #expect(try await client.reply(to: "A2").isOK)
        }
    }

    @Test("the answer of one does not wait for the rest of the next")
    func halfOfTheNext() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let text = Sample.message(1)
            let next = Self.append("A1", to: "INBOX", text)
            try await client.send(Self.append("A0", to: "INBOX", text) + next.prefix(60))
            #expect(try await client.reply(to: "A0").isOK)
            try await client.send(String(next.dropFirst(60)))
            #expect(try await client.reply(to: "A1").isOK)
            #expect(try await client.command("SEARCH ALL").found == [1, 2])
        }
    }

    @Test("a client that goes away has stored what it had sent whole")
    func goneAway() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let text = Sample.message(1)
            try await client.send(
                (0..<10).map { Self.append("A\($0)", to: "INBOX", text) }.joined()
                    + "B APPEND INBOX {1000+}\r\n" + text)
            for number in 0..<10 { #expect(try await client.reply(to: "A\(number)").isOK) }
            await client.close()
            #expect(try await server.select().command("SEARCH ALL").found?.count == 10)
        }
    }
}
