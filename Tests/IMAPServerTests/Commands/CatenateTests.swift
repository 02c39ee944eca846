// CATENATE: messages put together from literals and from what is stored already (RFC 4469).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CatenateTests {
    private static let stored =
        "Subject: old\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        + "--b\r\nContent-Type: text/plain\r\n\r\nfirst\r\n--b\r\nContent-Type: image/x\r\n\r\nsecond\r\n--b--\r\n"

    private func send(_ client: IMAPTestClient, _ command: String) async throws -> IMAPReply {
        try await client.send("P \(command)\r\n")
        return try await client.reply(to: "P")
    }

    @Test("RFC 4469: texts and parts become one message; \\Seen is not set")
    func together() async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.stored], to: "Drafts")
            let client = try await server.select()
            let status = try await client.command("STATUS Drafts (UIDVALIDITY)").data("STATUS").first
            let validity = status?.values.last?.list?.last?.number ?? 0
            let box = "/Drafts;UIDVALIDITY=\(validity)/;UID=1"
            let part = "\(box)/;SECTION=2"
            let parts = [
                "TEXT {14+}\r\nSubject: new\r\n", "URL \"\(box)/;section=2.MIME\"",
                "URL {\(part.utf8.count)+}\r\n\(part)", "TEXT ~{2+}\r\n\r\n",
                "URL /Drafts/;UID=1/;SECTION=TEXT/;PARTIAL=0.3",
                "URL \"/Drafts/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)\"",
            ]
            let options = "(\\Seen $Work) \"17-Jul-1996 02:44:25 -0700\""
            let reply = try await send(
                client, "APPEND INBOX \(options) CATENATE (\(parts.joined(separator: " ")))")
            #expect(reply.code?.hasPrefix("APPENDUID ") == true && reply.exists == 1, "\(reply.tagged)")
            let fetch = try await client.command("FETCH 1 (FLAGS INTERNALDATE BODY.PEEK[])").fetches.first
            #expect(
                fetch?.items["BODY[]"]?.text
                    == "Subject: new\r\nContent-Type: image/x\r\n\r\nsecond\r\n--bSubject: old\r\n\r\n")
            #expect(fetch?.flags?.isSuperset(of: ["\\Seen", "$Work"]) == true)
            #expect(fetch?.items["INTERNALDATE"]?.text == "17-Jul-1996 02:44:25 -0700")
            #expect(try await client.command("SELECT Drafts").isOK)
            #expect(try await client.command("FETCH 1 FLAGS").fetches.first?.flags?.contains("\\Seen") == false)
        }
    }

    @Test("RFC 4469, RFC 3502: several such messages, with and without literals, large parts in pieces")
    func several() async throws {
        try await TestServer.with { server in
            let large = "Subject: large\r\n\r\n" + String(repeating: "0123456789abcdef\r\n", count: 60_000)
            try await server.deliver([Self.stored, large], to: "Drafts")
            let client = try await server.select()
            let both = "URL /Drafts/;UID=1 URL /Drafts/;UID=2"
            let reply = try await send(
                client, "APPEND INBOX CATENATE (URL /Drafts/;UID=2) {3+}\r\nabc () CATENATE (\(both))")
            #expect(reply.exists == 3, "\(reply.tagged)")
            let fetch = try await client.command("FETCH 1:3 BODY.PEEK[]").fetches
            let wanted = [large, "abc", Self.stored + large].map { Array($0.utf8) }
            #expect(fetch.map { $0.items["BODY[]"]?.bytes } == wanted)
        }
    }

    @Test("RFC 4469: BADURL names the first URL that cannot be had, and nothing is stored", arguments: [
        "/Drafts/;UID=2", "/nothing/;UID=1", "/Drafts;UIDVALIDITY=1/;UID=1", "/Drafts/;UID=1/;SECTION=9", "nonsense",
        "imap://mail.example.org/Drafts/;UID=1", "/Other%20Users/bob/;UID=1", "/../;UID=1",
    ])
    func bad(url: String) async throws {
        try await TestServer.with { server in
            try await server.deliver([Self.stored], to: "Drafts")
            let client = try await server.select()
            let evil = "x DELETE Sent\r\n"
            let literal = "{\(evil.utf8.count)+}\r\n\(evil)"
            for rest in [")", " URL /Drafts/;UID=3)", " TEXT \(literal))", ") \(literal)"] {
                let reply = try await send(
                    client, "APPEND INBOX {3+}\r\nabc CATENATE (URL /Drafts/;UID=1 URL \"\(url)\"\(rest)")
                #expect(reply.isNO && reply.code == "BADURL \(url)", "\(reply.tagged)")
            }
            let waiting = try await send(client, "APPEND INBOX CATENATE (URL \"\(url)\" TEXT {5}")
            #expect(waiting.code == "BADURL \(url)")
            #expect(try await client.command("NOOP").exists == nil)
            #expect(try await client.command("LIST \"\" *").data("LIST").count == 6)
        }
    }

    @Test("case 76: a URL with brackets and line ends breaks out of no code")
    func injection() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let url = "/a] x\r\n* BYE {3}"
            let reply = try await send(client, "APPEND INBOX CATENATE (URL {\(url.utf8.count)+}\r\n\(url))")
            #expect(reply.isNO && reply.code == "BADURL /a??x??*?BYE?{3}")
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("RFC 4469: TOOBIG, OVERQUOTA and nothing at all")
    func limits() async throws {
        try await TestServer.with { $0.limits.message = 10_000 } _: { server in
            let large = "Subject: large\r\n\r\n" + String(repeating: "x", count: 6_000)
            try await server.deliver([large], to: "Drafts")
            let client = try await server.select()
            let url = "URL /Drafts/;UID=1"
            #expect(try await send(client, "APPEND INBOX CATENATE (\(url) \(url))").code == "TOOBIG")
            #expect(try await send(client, "APPEND INBOX CATENATE (\(url) TEXT {4000}").code == "TOOBIG")
            #expect(try await send(client, "APPEND INBOX CATENATE (TEXT {0+}\r\n)").code == "CANNOT")
            #expect(try await send(client, "APPEND INBOX CATENATE (TEXT {0+}\r\n TEXT {1+}\r\nx)").isOK)
            try await server.alice.setQuota(7_000)
            #expect(try await send(client, "APPEND INBOX CATENATE (\(url))").code == "OVERQUOTA")
            #expect(try await send(client, "APPEND nothing CATENATE (\(url))").code == "TRYCREATE")
        }
    }
}
