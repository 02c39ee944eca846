// FETCH: every item, every section, partials, \Seen.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct FetchTests {
    static let multipart = """
        From: Bob <bob@example.org>\r
        To: alice@example.org\r
        Subject: two parts\r
        MIME-Version: 1.0\r
        Content-Type: multipart/mixed; boundary="b"\r
        \r
        --b\r
        Content-Type: text/plain\r
        \r
        first\r
        --b\r
        Content-Type: message/rfc822\r
        \r
        Subject: inside\r
        From: carol@example.org\r
        \r
        inner text\r
        --b--\r

        """

    /// A section and what it must be; nil is NIL.
    @Test(
        arguments: [
            ("BODY[]", multipart), ("RFC822", multipart), ("BODY[1]", "first"),
            ("BODY[1.MIME]", "Content-Type: text/plain\r\n\r\n"),
            ("BODY[2.HEADER]", "Subject: inside\r\nFrom: carol@example.org\r\n\r\n"), ("BODY[2.TEXT]", "inner text"),
            ("BODY[2.1]", "inner text"), ("BODY[2.HEADER.FIELDS (SUBJECT)]", "Subject: inside\r\n\r\n"),
            ("BODY[2.HEADER.FIELDS.NOT (SUBJECT)]", "From: carol@example.org\r\n\r\n"),
            ("BODY[HEADER.FIELDS (To Subject)]", "To: alice@example.org\r\nSubject: two parts\r\n\r\n"),
            ("BODY[HEADER.FIELDS (None)]", "\r\n"), ("BODY[3]", nil), ("BODY[1.1]", nil), ("BODY[1.HEADER]", nil),
            ("BODY[]<0>.5", "From:"), ("BODY[]<2000>.5", ""), ("BODY[1]<1>.3", "irs"),
        ] as [(String, String?)])
    func sections(item: String, expected: String?) async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.multipart])
            let client = try await server.select()
            // `X<1>.3` here is `X<1.3>` in the command and `X<1>` in the reply.
            let asked = item.replacing(">.", with: ".") + (item.contains(">.") ? ">" : "")
            let name = item.split(separator: ">.").count > 1 ? String(item.split(separator: ">.")[0]) + ">" : item
            let reply = try await client.command("FETCH 1 \(asked)")
            #expect(reply.isOK)
            let value = reply.fetches.first?.items[name.uppercased()]
            #expect(value == (expected.map { .string(Array($0.utf8)) } ?? IMAPValue.none), "\(reply.fetches)")
        }
    }

    @Test("fields that the store keeps of many messages together are as those read from each header")
    func listedFields() async throws {
        try await TestServer.with { server in
            let texts = (1...200).map { number in
                "Received: x\r\nFrom: a\r\nTo: b,\r\n c\0d\r\nSubject: \(number)\r\nX-Other: y\r\n\r\n\(number)\r\n"
            }
            try await server.deliver(texts)
            let client = try await server.select()
            try await client.command("STORE 5,70:90 +FLAGS.SILENT (\\Deleted)")
            try await client.command("EXPUNGE")
            let commands = [
                "FETCH 1:* BODY.PEEK[HEADER.FIELDS (Subject TO)]",
                "FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (from)] BODY.PEEK[HEADER.FIELDS (X-Other)] ENVELOPE)",
                "UID FETCH 1,20,64,65,130:133 (BODY.PEEK[HEADER.FIELDS (To Date)]<3.9> BODY.PEEK[HEADER.FIELDS (To)])",
                "UID FETCH 100:200 BODY.PEEK[HEADER.FIELDS.NOT (To)]", "FETCH 60:66 BODY.PEEK[HEADER.FIELDS (Date)]",
            ]
            var before: [[IMAPResponse]] = []
            for command in commands { before.append(try await client.command(command).untagged) }
            #expect(before[0].count == 178)
            try await server.alice.updateSearchIndex()
            for (command, before) in zip(commands, before) {
                #expect(try await client.command(command).untagged == before, "\(command)")
            }
            // What sets \Seen tells the flags.
            let reply = try await client.command("FETCH 1:* BODY[HEADER.FIELDS (SUBJECT)]")
            #expect(reply.fetches.allSatisfy { $0.items["FLAGS"] != nil } && reply.fetches.count == 178)
        }
    }

    @Test("case 101: partials put together are the whole")
    func partials() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.multipart])
            let client = try await server.select()
            var whole: [UInt8] = []
            while true {
                let reply = try await client.command("FETCH 1 BODY.PEEK[]<\(whole.count).7>")
                guard let piece = reply.fetches.first?.items["BODY[]<\(whole.count)>"]?.bytes, !piece.isEmpty else {
                    break
                }
                whole += piece
            }
            #expect(whole == Array(Self.multipart.utf8))
        }
    }

    @Test(
        "case 58: absurd partials",
        arguments: [
            ("BODY[]<0.18446744073709551615>", false), ("BODY[]<4294967295.4294967295>", true), ("BODY[]<5.0>", false),
            ("BODY[0]", false), ("BODY[4294967296]", false), ("BODY[4294967295]", true),
            ("BODY[\(Array(repeating: "1", count: 90).joined(separator: "."))]", true),
            ("BODY[\(Array(repeating: "1", count: 1_000).joined(separator: "."))]", false),
        ])
    func absurd(item: String, isLawful: Bool) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            let reply = try await client.command("FETCH 1 \(item)")
            #expect(isLawful ? reply.isOK : reply.isBAD)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("case 59: ten thousand header fields, and names that are none")
    func headerFields() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            let names = Array(repeating: "x", count: 10_000).joined(separator: " ")
            #expect(try await client.command("FETCH 1 BODY[HEADER.FIELDS (\(names))]").isBAD)
            try await client.send("F FETCH 1 BODY[HEADER.FIELDS ({4+}\r\na\r\nb)]\r\n")
            #expect(try await client.reply(to: "F").isBAD)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test func seen() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            #expect(try await client.command("FETCH 1 BODY.PEEK[]").fetches.first?.flags == nil)
            #expect(try await client.command("FETCH 1 (BODY[TEXT])").fetches.first?.flags == ["\\Seen", "\\Recent"])
            // Once seen, the flags are no news.
            let again = try await client.command("FETCH 1 BODY[TEXT]")
            #expect(again.fetches.count == 1 && again.fetches.first?.flags == nil)
            #expect(try await client.command("FETCH 2 RFC822.HEADER").fetches.first?.flags == nil)
            #expect(try await client.command("FETCH 2 RFC822.TEXT").fetches.first?.flags?.contains("\\Seen") == true)
            #expect(
                try await client.command("FETCH 1:* FLAGS").fetches.map { $0.flags?.contains("\\Seen") } == [
                    true, true, false,
                ])
            try await client.command("EXAMINE INBOX")
            #expect(
                try await client.command("FETCH 3 (FLAGS BODY[])").fetches.first?.flags?.contains("\\Seen") == false)
        }
    }

    @Test("pitfall 24: macros and RFC822")
    func macros() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            let names = ["ALL", "FAST", "FULL", "RFC822"]
            let expected = [
                ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE"], ["FLAGS", "INTERNALDATE", "RFC822.SIZE"],
                ["FLAGS", "INTERNALDATE", "RFC822.SIZE", "ENVELOPE", "BODY"], ["RFC822", "FLAGS"],
            ]
            for (name, items) in zip(names, expected) {
                let reply = try await client.command("FETCH 1 \(name)")
                #expect(Set(reply.fetches.first?.items.keys.map { $0 } ?? []) == Set(items))
            }
        }
    }

    @Test func uidFetchTellsTheUID() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let reply = try await client.command("UID FETCH 2:* FLAGS")
            #expect(reply.fetches.map(\.uid) == [2, 3])
            #expect(reply.fetches.map(\.number) == [2, 3])
            #expect(try await client.command("UID FETCH 99 FLAGS").fetches.isEmpty)
            #expect(try await client.command("UID FETCH 99:* FLAGS").fetches.map(\.uid) == [3])
        }
    }

    @Test("pitfall 7: a number beyond the mailbox is BAD", arguments: ["4", "1:4", "0", "*:0"])
    func badNumbers(set: String) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            #expect(try await client.command("FETCH \(set) FLAGS").isBAD)
        }
    }

    @Test func manyMessagesInOrder() async throws {
        try await TestServer.with { server in
            try await server.fill(700)
            let client = try await server.select()
            let flags = try await client.command("FETCH 1:* (UID FLAGS)")
            #expect(flags.fetches.compactMap(\.number) == Array(1...700))
            let bodies = try await client.command("FETCH 1:* (BODY.PEEK[TEXT])")
            #expect(bodies.fetches.count == 700)
            for (index, fetch) in bodies.fetches.enumerated() {
                #expect(fetch.items["BODY[TEXT]"]?.text == "Body of \(index + 1).\r\n")
            }
            let some = try await client.command("FETCH 5,3,600:598 UID")
            #expect(some.fetches.compactMap(\.number) == [3, 5, 598, 599, 600])
        }
    }

    @Test("case 86: a message that another session expunged can still be read")
    func expungedElsewhere() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let reader = try await server.select()
            let other = try await server.select()
            try await other.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            let reply = try await reader.command("FETCH 1:3 (BODY.PEEK[TEXT])")
            #expect(reply.isOK && reply.expunged.isEmpty)
            #expect(reply.fetches.compactMap { $0.items["BODY[TEXT]"]?.text } == (1...3).map { "Body of \($0).\r\n" })
            #expect(try await reader.command("NOOP").expunged == [2])
        }
    }

    @Test("case 82: a client that never reads is cut off, and the others go on")
    func slowReader() async throws {
        try await TestServer.with {
            $0.limits.writeTime = .milliseconds(300)
        } _: { server in
            let large =
                "Subject: x\r\n\r\n" + String(repeating: String(repeating: "y", count: 98) + "\r\n", count: 20_000)
            for _ in 0..<10 { try await server.deliver([large]) }
            let slow = try await IMAPTestClient.connect(port: server.port, receiveBuffer: 4_096)
            try await slow.login()
            try await slow.command("SELECT INBOX")
            try await slow.stopReading()
            slow.sendWithoutWaiting(Array("S FETCH 1:* BODY.PEEK[]\r\n".utf8))
            let quick = try await server.select()
            #expect(try await quick.command("FETCH 1 RFC822.SIZE").isOK)
            try await waitUntil("the end of the session that does not read") { server.service.sessionCount == 1 }
            #expect(try await quick.command("NOOP").isOK)
            await slow.close()
        }
    }
}
