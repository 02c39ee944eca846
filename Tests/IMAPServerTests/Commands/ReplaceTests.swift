// REPLACE: one message in place of another, told to everybody as one change (RFC 8508).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ReplaceTests {
    @Test("RFC 8508: APPENDUID, then EXPUNGE; flags, date and bytes are the new message's", arguments: [false, true])
    func same(byUID: Bool) async throws {
        try await TestServer.with { server in
            try await server.fill(3, flags: Flags(.flagged))
            let client = try await server.select()
            let command = "\(byUID ? "UID " : "")REPLACE 2 INBOX (\\Draft) \"17-Jul-1996 02:44:25 -0700\""
            let reply = try await client.command(command, literal: Array(Sample.message(9).utf8))
            #expect(reply.isOK && reply.expunged == [2], "\(reply.tagged)")
            let code = reply.untagged.firstIndex { $0.code?.hasPrefix("APPENDUID ") == true }
            let expunge = reply.untagged.firstIndex { $0.name == "EXPUNGE" }
            #expect(try #require(code) < #require(expunge))
            let fetch = try await client.command("FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])").fetches
            #expect(fetch.map(\.uid) == [1, 3, 4])
            #expect(fetch[2].flags?.subtracting(["\\Recent"]) == ["\\Draft"])
            #expect(fetch[2].items["INTERNALDATE"]?.text == "17-Jul-1996 02:44:25 -0700")
            #expect(fetch[2].items["BODY[]"]?.bytes == Array(Sample.message(9).utf8))
        }
    }

    @Test("RFC 8508: into another mailbox, with CATENATE from the one that goes")
    func other() async throws {
        try await TestServer.with { server in
            try await server.fill(1, to: "Drafts")
            let client = try await server.select("Drafts")
            try await client.send("P UID REPLACE 1 Sent CATENATE (TEXT {6+}\r\nX: y\r\n URL /Drafts/;UID=1)\r\n")
            let reply = try await client.reply(to: "P")
            #expect(reply.isOK && reply.expunged == [1] && reply.exists == nil)
            #expect(try await client.command("SELECT Sent").exists == 1)
            let bytes = try await client.command("FETCH 1 BODY.PEEK[]").fetches.first?.items["BODY[]"]?.bytes
            #expect(bytes == Array(("X: y\r\n" + Sample.message(1)).utf8))
        }
    }

    @Test("three sessions hear of it in their own ways", arguments: ClientMode.allCases)
    func others(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let (one, two) = (try await server.login(), try await server.login())
            if let capability = mode.capability {
                guard Capabilities.enableable.contains(capability) else { return }
            }
            for client in [one, two] {
                try await client.enter(mode)
                try await client.command("SELECT INBOX")
            }
            let client = try await server.select()
            #expect(try await client.command("REPLACE 2 INBOX", literal: Array(Sample.message(9).utf8)).isOK)
            for watcher in [one, two] {
                let reply = try await watcher.command("NOOP")
                #expect(watcher.gone(reply, of: [1, 2, 3]) == [2])
                #expect(reply.exists == 3)
                #expect(try await watcher.command("UID FETCH 1:* FLAGS").fetches.map(\.uid) == [1, 3, 4])
            }
        }
    }

    @Test("RFC 8508 §3.4: only the difference counts against the quota")
    func quota() async throws {
        try await TestServer.with { server in
            try await server.deliver([String(repeating: "x", count: 5_000)])
            try await server.alice.setQuota(6_000)
            let client = try await server.select()
            let message = [UInt8](repeating: 0x79, count: 5_500)
            #expect(try await client.command("APPEND INBOX", literal: message).code == "OVERQUOTA")
            #expect(try await client.command("REPLACE 1 INBOX", literal: message).isOK)
            let larger = [UInt8](repeating: 0x79, count: 6_500)
            #expect(try await client.command("REPLACE 1 INBOX", literal: larger).code == "OVERQUOTA")
            let fetch = try await client.command("FETCH 1 RFC822.SIZE").fetches.first
            #expect(fetch?.items["RFC822.SIZE"]?.number == 5_500)
            try await server.alice.setMessageQuota(1)
            #expect(try await client.command("APPEND INBOX", literal: Array("A: b\r\n\r\n".utf8)).code == "OVERQUOTA")
            #expect(try await client.command("REPLACE 1 INBOX", literal: message).isOK)
        }
    }

    @Test("RFC 8508: what is refused changes nothing")
    func refused() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            let message = Array(Sample.message(9).utf8)
            #expect(try await client.command("REPLACE 1 INBOX", literal: message).isBAD)
            try await client.command("SELECT INBOX")
            #expect(try await client.command("REPLACE 1 nothing", literal: message).code == "TRYCREATE")
            #expect(try await client.command("REPLACE 2 INBOX", literal: message).isBAD)
            #expect(try await client.command("UID REPLACE 7 INBOX", literal: message).code == "NONEXISTENT")
            #expect(try await client.command("REPLACE 1 INBOX", literal: []).code == "CANNOT")
            try await client.send("P REPLACE 1 INBOX {3+}\r\nabc {3+}\r\nabc\r\n")
            #expect(try await client.reply(to: "P").isBAD)
            #expect(try await client.command("UID FETCH 1:* FLAGS").fetches.map(\.uid) == [1])
            try await client.command("EXAMINE INBOX")
            #expect(try await client.command("REPLACE 1 INBOX", literal: message).isNO)
        }
    }

    @Test("case 86: a message that another session has expunged cannot be replaced")
    func gone() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let (client, other) = (try await server.select(), try await server.select())
            try await other.command("STORE 1 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            let reply = try await client.command("UID REPLACE 1 Sent", literal: Array(Sample.message(9).utf8))
            #expect(reply.code == "EXPUNGEISSUED", "\(reply.tagged)")
            #expect(try await client.command("SELECT Sent").exists == 0)
        }
    }

    @Test("what REPLACE took away is its answer, whatever NOTIFY says")
    func underNotify() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            #expect(try await client.command("NOTIFY NONE").isOK)
            let reply = try await client.command("REPLACE 2 INBOX {6+}\r\nA: b\r\n")
            #expect(reply.isOK && reply.expunged == [2])
        }
    }
}
