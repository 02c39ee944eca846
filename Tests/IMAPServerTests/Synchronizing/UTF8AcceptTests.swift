// UTF8=ACCEPT (RFC 6855): UTF-8 in names and quoted strings, and in the headers of what is appended.

import IMAPSyntax
import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct UTF8AcceptTests {
    private static let message = "From: Jürgen <jürgen@exämple.org>\r\nSubject: Grüße 日本\r\n\r\nText\r\n"

    private func client(_ server: TestServer) async throws -> IMAPTestClient {
        let client = try await server.login()
        let reply = try await client.command("ENABLE UTF8=ACCEPT")
        #expect(reply.data("ENABLED").first?.values.last?.text == "UTF8=ACCEPT")
        return client
    }

    @Test("pitfall 11: Thunderbird sends raw & once UTF8=ACCEPT is on")
    func names() async throws {
        try await TestServer.with { server in
            let client = try await client(server)
            #expect(try await client.command("CREATE R&D").isOK)
            #expect(try await client.command("CREATE \"Übung\"").isOK)
            let names = try await client.command("LIST \"\" *").data("LIST").compactMap { $0.values[3].text }
            #expect(names.contains("R&D") && names.contains("Übung"))
            let old = try await server.login()
            let oldNames = try await old.command("LIST \"\" *").data("LIST").compactMap { $0.values[3].text }
            #expect(oldNames.contains("R&-D") && oldNames.contains("&ANw-bung"))
            // \Recent and SEARCH are as before: this is no IMAP4rev2.
            try await server.fill(1)
            #expect(try await client.command("SELECT INBOX").recent == 1)
            #expect(try await client.command("SEARCH ALL").found == [1])
        }
    }

    @Test("what is no UTF-8 in a quoted string is BAD", arguments: [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0xaf]])
    func malformed(_ bytes: [UInt8]) async throws {
        try await TestServer.with { server in
            let client = try await client(server)
            #expect(try await client.command(Array("STATUS \"".utf8) + bytes + Array("\" (MESSAGES)".utf8)).isBAD)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("pitfall 12: ENVELOPE and BODYSTRUCTURE are the header's own text")
    func envelope() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.message])
            let client = try await client(server)
            try await client.command("SELECT INBOX")
            let envelope = try await client.command("FETCH 1 ENVELOPE").fetches.first?.items["ENVELOPE"]?.list
            #expect(envelope?[1].text == "Grüße 日本")
            #expect(envelope?[2].list?.first?.list?[2].text == "jürgen")
        }
    }

    @Test("pitfall 13: APPEND with UTF8 (~{…}), waiting or not; before ENABLE it is BAD and its literal eaten")
    func appending() async throws {
        try await TestServer.with { server in
            let bytes = Array(Self.message.utf8)
            let client = try await client(server)
            try await client.send("A1 APPEND INBOX (\\Seen) UTF8 (~{\(bytes.count)}\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send(bytes + Array(")\r\n".utf8))
            #expect(try await client.reply(to: "A1").isOK)
            try await client.send(
                Array("A2 APPEND INBOX UTF8 (~{\(bytes.count)+}\r\n".utf8) + bytes + Array(")\r\n".utf8))
            #expect(try await client.reply(to: "A2").isOK)
            try await client.command("SELECT INBOX")
            let fetches = try await client.command("FETCH 1:2 (FLAGS BODY.PEEK[])").fetches
            #expect(fetches.count == 2 && fetches.allSatisfy { $0.items["BODY[]"]?.bytes == bytes })
            #expect(fetches.first?.flags?.contains("\\Seen") == true)
            let old = try await server.login()
            try await old.send(
                Array("B1 APPEND INBOX UTF8 (~{\(bytes.count)+}\r\n".utf8) + bytes + Array(")\r\n".utf8))
            #expect(try await old.reply(to: "B1").isBAD)
            #expect(try await old.command("NOOP").isOK)
        }
    }

    @Test("RFC 6855 §3: SEARCH with another charset is BAD")
    func charsets() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.message])
            let client = try await client(server)
            try await client.command("SELECT INBOX")
            #expect(try await client.command("SEARCH CHARSET ISO-8859-1 SUBJECT x").isBAD)
            #expect(try await client.command("SEARCH SUBJECT \"Grüße\"").found == [1])
            #expect(try await client.command("SEARCH CHARSET UTF-8 SUBJECT \"日本\"").found == [1])
        }
    }
}
