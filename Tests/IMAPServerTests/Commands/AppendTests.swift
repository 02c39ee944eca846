// APPEND: what is stored is what was sent, and what was refused is never read as commands.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct AppendTests {
    @Test("pitfalls 2, 25, 26: APPENDUID, flags, keywords and INTERNALDATE")
    func append() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let reply = try await client.append(
                "Sent", Sample.message(1), arguments: "(\\Seen $Work) \"17-Jul-1996 02:44:25 -0700\"")
            #expect(reply.code?.hasPrefix("APPENDUID ") == true)
            let uid = reply.code?.split(separator: " ").last.map(String.init) ?? ""
            try await client.command("SELECT Sent")
            let fetch = try await client.command("UID FETCH \(uid) (FLAGS INTERNALDATE BODY.PEEK[])")
            #expect(fetch.fetches.first?.flags == ["\\Seen", "$Work", "\\Recent"])
            #expect(fetch.fetches.first?.items["INTERNALDATE"]?.text == "17-Jul-1996 02:44:25 -0700")
            #expect(fetch.fetches.first?.items["BODY[]"]?.bytes == Array(Sample.message(1).utf8))
        }
    }

    @Test func toTheSelectedMailboxIsAnnounced() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let reply = try await client.append("INBOX", Sample.message(1))
            #expect(reply.exists == 1 && reply.recent == 1)
        }
    }

    @Test func aLiteralThatDoesNotWait() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let message = Sample.message(1)
            try await client.send("P APPEND INBOX {\(message.utf8.count)+}\r\n\(message)\r\nQ NOOP\r\n")
            #expect(try await client.reply(to: "P").isOK)
            #expect(try await client.reply(to: "Q").isOK)
        }
    }

    @Test(
        "case 54, pitfall 8: a refused APPEND's message is never read as commands",
        arguments: [
            "nothing", "a//b", "&", "INBOX (\\Recent)", "INBOX nonsense",
        ])
    func refused(arguments: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let message = "x DELETE Sent\r\ny DELETE Drafts\r\n"
            try await client.send("P APPEND \(arguments) {\(message.utf8.count)+}\r\n\(message)\r\n")
            let reply = try await client.reply(to: "P")
            #expect(!reply.isOK && reply.untagged.isEmpty)
            #expect(try await client.command("LIST \"\" *").data("LIST").count == 6)
            #expect(try await client.append(arguments, message).isOK == false)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("case 68: dates that no calendar has", arguments: [
        "\"31-Feb-2020 00:00:00 +0000\"", "\"01-Jan-0000 00:00:00 +0000\"", "\"01-Jan-2020 99:99:99 +0000\"",
        "\"01-Jan-2020 00:00:00 +9999\"", "\"nonsense\"",
    ])
    func badDates(date: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.append("INBOX", Sample.message(1), arguments: date).isBAD)
            #expect(try await client.command("SELECT INBOX").exists == 0)
        }
    }

    @Test func missingMailbox() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.append("nothing", Sample.message(1)).code == "TRYCREATE")
        }
    }

    @Test func overQuotaAndTooBig() async throws {
        try await TestServer.with {
            $0.limits.message = 10_000
        } _: { server in
            try await server.alice.setQuota(3_000)
            let client = try await server.login()
            #expect(
                try await client.append("INBOX", Sample.message(1) + String(repeating: "x", count: 4_000)).code
                    == "OVERQUOTA")
            #expect(try await client.append("INBOX", String(repeating: "x", count: 20_000)).code == "TOOBIG")
            #expect(try await client.append("INBOX", Sample.message(1)).isOK)
            #expect(try await client.command("STATUS INBOX (MESSAGES)").isOK)
        }
    }

    @Test("case 100: messages that are hardly any", arguments: ["\r\n", "\r\n\r\n\r\n", "Subject: x\r\n", "no header"])
    func odd(message: String) async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.append("INBOX", message).isOK)
            let fetch = try await client.command("FETCH 1 (RFC822.SIZE BODY[] ENVELOPE BODYSTRUCTURE)")
            let bytes = fetch.fetches.first?.items["BODY[]"]?.bytes ?? []
            #expect(fetch.fetches.first?.items["RFC822.SIZE"]?.number == UInt64(bytes.count))
        }
    }

    @Test("case 100: NUL, which no literal may hold, is sent as another byte of no meaning")
    func nul() async throws {
        try await TestServer.with { server in
            try await server.deliver(["Subject: a\0b\r\n\r\nc\0\0d\r\n"])
            let client = try await server.select()
            let fetch = try await client.command("FETCH 1 (RFC822.SIZE BODY[] BODY[HEADER.FIELDS (Subject)] ENVELOPE)")
            let bytes = fetch.fetches.first?.items["BODY[]"]?.bytes ?? []
            #expect(bytes.count == 22 && bytes.filter { $0 == 0x80 }.count == 3)
            #expect(fetch.fetches.first?.items["RFC822.SIZE"]?.number == 22)
        }
    }

    @Test func aClientThatGoesAwayInTheMiddleStoresNothing() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.send("P APPEND INBOX {100000+}\r\nSubject: x\r\n")
            await client.close()
            let other = try await server.login()
            #expect(try await other.command("SELECT INBOX").exists == 0)
        }
    }

    @Test func aLargeMessageComesBackWhole() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            var message = Array("Subject: large\r\n\r\n".utf8)
            for line in 0..<40_000 {
                message += Array("Line \(line) of a message that is far longer than one piece.\r\n".utf8)
            }
            #expect(try await client.command("APPEND INBOX", literal: message).isOK)
            let fetch = try await client.command("FETCH 1 (BODY.PEEK[] RFC822.SIZE BODY.PEEK[TEXT]<1000000.300000>)")
            #expect(fetch.fetches.first?.items["BODY[]"]?.bytes == message)
            let text = message.dropFirst(18)
            #expect(
                fetch.fetches.first?.items["BODY[TEXT]<1000000>"]?.bytes
                    == Array(text.dropFirst(1_000_000).prefix(300_000)))
        }
    }
}
