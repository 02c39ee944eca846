// APPEND of several messages: all or none, in order, and refused at any point without a byte read as a command.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct MultiappendTests {
    /// One command with literals that do not wait.
    private func command(_ mailbox: String, _ parts: [(options: String, message: String)]) -> String {
        "P APPEND \(mailbox)"
            + parts.map { "\($0.options) {\($0.message.utf8.count)+}\r\n\($0.message)" }.joined() + "\r\n"
    }

    @Test("RFC 3502: messages with flags and dates of their own, in order, in one APPENDUID", arguments: [false, true])
    func several(waiting: Bool) async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let options = [
                "", " (\\Seen $Work)", " \"17-Jul-1996 02:44:25 -0700\"",
                " (\\Draft) \" 7-Feb-1994 22:43:04 -0800\"",
            ]
            if waiting {
                for (index, options) in options.enumerated() {
                    let message = Sample.message(index)
                    let begin = index == 0 ? "P APPEND INBOX" : ""
                    try await client.send("\(begin)\(options) {\(message.utf8.count)}\r\n")
                    #expect(try await client.response().tag == "+")
                    try await client.send(message)
                }
                try await client.send("\r\n")
            } else {
                try await client.send(command("INBOX", options.enumerated().map { ($1, Sample.message($0)) }))
            }
            let reply = try await client.reply(to: "P")
            #expect(reply.code?.split(separator: " ").last == "1:4" && reply.exists == 4)
            let fetch = try await client.command("FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])").fetches
            #expect(fetch.map { $0.items["BODY[]"]?.bytes } == (0..<4).map { Array(Sample.message($0).utf8) })
            #expect(fetch.map { $0.flags?.subtracting(["\\Recent"]) } == [[], ["\\Seen", "$Work"], [], ["\\Draft"]])
            #expect(fetch[2].items["INTERNALDATE"]?.text == "17-Jul-1996 02:44:25 -0700")
            #expect(fetch[3].items["INTERNALDATE"]?.text == " 7-Feb-1994 22:43:04 -0800")
        }
    }

    @Test("RFC 3502: the others are told of all at once", arguments: ClientMode.allCases)
    func others(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let (other, client) = (try await server.login(), try await server.login())
            // A mode that is not offered here yet is no mode.
            if let capability = mode.capability {
                guard Capabilities.enableable.contains(capability) else { return }
            }
            try await other.enter(mode)
            try await other.command("SELECT INBOX")
            try await client.send(command("INBOX", (1...3).map { ("", Sample.message($0)) }))
            #expect(try await client.reply(to: "P").isOK)
            let reply = try await other.command("NOOP")
            #expect(reply.data("EXISTS").compactMap(\.number) == [3])
        }
    }

    @Test(
        "RFC 3502: what is wrong with one message undoes all, and nothing of the rest is read as commands (case 54)",
        arguments: [
            // The last one cancels by its length.
            ("INBOX", ["", "", "cancel"], "CANNOT"),
            ("nothing", ["", ""], "TRYCREATE"),
            ("INBOX", ["", " (\\Recent)"], "BAD"),
            ("INBOX", ["", " \"31-Feb-2020 00:00:00 +0000\""], "BAD"),
            ("INBOX", ["", " nonsense"], "BAD"),
            ("INBOX", ["", "large", ""], "TOOBIG"),
            ("INBOX", ["", "", "", "", "", "", "", "", "", "", "", ""], "LIMIT"),
            ("INBOX", ["", "", "", "", "", "", "quota"], "OVERQUOTA"),
        ])
    func allOrNone(mailbox: String, parts: [String], code: String) async throws {
        try await TestServer.with {
            $0.limits.message = 5_000
            $0.limits.appendMessages = 10
        } _: { server in
            try await server.alice.setQuota(6_000)
            let client = try await server.select()
            let evil = "\r\nx DELETE Sent\r\ny CREATE evil\r\n"
            let messages = parts.map { part in
                switch part {
                case "cancel": ("", "")
                case "large": ("", evil + String(repeating: "x", count: 6_000))
                case "quota": ("", evil + String(repeating: "x", count: 4_900))
                default: (part, Sample.message(1) + evil)
                }
            }
            try await client.send(command(mailbox, messages) + "Q NOOP\r\n")
            let reply = try await client.reply(to: "P")
            #expect(code == "BAD" ? reply.isBAD : reply.code == code, "\(reply.tagged)")
            #expect(try await client.reply(to: "Q").isOK)
            #expect(try await client.command("STATUS INBOX (MESSAGES)").isOK)
            #expect(try await client.command("LIST \"\" *").data("LIST").count == 6)
            #expect(try await client.command("SELECT INBOX").exists == 0)
            #expect(try await client.append("INBOX", Sample.message(1)).isOK)
        }
    }

    @Test("RFC 3502: a message that waits is refused with the reply in place of the continuation")
    func refusedInTheMiddle() async throws {
        try await TestServer.with { $0.limits.message = 1_000 } _: { server in
            let client = try await server.select()
            let message = Sample.message(1)
            try await client.send("P APPEND INBOX {\(message.utf8.count)+}\r\n\(message) (\\Seen) {1001}\r\n")
            let reply = try await client.reply(to: "P")
            #expect(reply.code == "TOOBIG" && reply.exists == nil)
            #expect(try await client.command("NOOP").exists == nil)
        }
    }

    @Test("case 8: a client that goes away between two messages has stored nothing")
    func goneInTheMiddle() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let message = Sample.message(1)
            try await client.send("P APPEND INBOX {\(message.utf8.count)+}\r\n\(message) {100+}\r\nSubject")
            await client.close()
            let other = try await server.login()
            #expect(try await other.command("SELECT INBOX").exists == 0)
        }
    }

    @Test("RFC 3502: 1,000 messages in one command, one transaction")
    func many() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            try await client.send(command("INBOX", (1...1_000).map { ("", Sample.message($0)) }))
            let reply = try await client.reply(to: "P")
            #expect(reply.code?.hasSuffix(" 1:1000") == true && reply.exists == 1_000)
            let last = try await client.command("FETCH 1000 BODY.PEEK[]").fetches.first
            #expect(last?.items["BODY[]"]?.bytes == Array(Sample.message(1_000).utf8))
        }
    }

    @Test("messages that share the spool come back whole, large and small")
    func spooled() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            var state: UInt64 = 42
            let messages = [10, 700_000, 3, 400_000, 1_200_000].map { size in
                "Subject: \(size)\r\n\r\n"
                    + String(
                        decoding: (0..<size).map { _ -> UInt8 in
                            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                            return UInt8(33 + (state >> 33) % 90)
                        }, as: UTF8.self)
            }
            try await client.send(command("INBOX", messages.map { ("", $0) }))
            #expect(try await client.reply(to: "P").isOK)
            let fetch = try await client.command("FETCH 1:* BODY.PEEK[]").fetches
            #expect(fetch.map { $0.items["BODY[]"]?.bytes } == messages.map { Array($0.utf8) })
        }
    }
}
