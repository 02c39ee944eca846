// LITERAL- in place of LITERAL+: what comes unasked is small, or refused and swallowed (RFC 7888 §5).

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct LiteralMinusTests {
    /// A literal of that many letters that comes unasked.
    private func literal(_ size: Int) -> String { "{\(size)+}\r\n" + String(repeating: "x", count: size) }

    @Test("one of the two is offered, before the login and after it")
    func offered() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let names = try #require(try await client.command("CAPABILITY").capabilities)
            #expect(names.contains("LITERAL+") && !names.contains("LITERAL-"))
        }
        try await TestServer.with { $0.literals = .small } _: { server in
            let client = try await server.connect()
            let before = try #require(try await client.command("CAPABILITY").capabilities)
            #expect(!before.contains("LITERAL+") && before.contains("LITERAL-"))
            try await client.login()
            let after = try #require(try await client.command("CAPABILITY").capabilities)
            #expect(!after.contains("LITERAL+") && after.contains("LITERAL-"))
        }
    }

    @Test("4096 bytes are taken, 4097 are TOOBIG and nothing in them is a command", arguments: [true, false])
    func bound(byAccount: Bool) async throws {
        try await TestServer.with { $0.literals = byAccount ? .any : .small } _: { server in
            if byAccount {
                try await server.administration.switchCapabilities(["LITERAL-"], of: "alice@example.org", to: true)
            }
            let client = try await server.select()
            #expect(try await client.command("CAPABILITY").capabilities?.contains("LITERAL-") == true)
            #expect(try await client.command("SEARCH SUBJECT \(literal(4_096))").found == [])
            let search = try await client.command("SEARCH SUBJECT \(literal(4_097))")
            #expect(search.isBAD && search.code == "TOOBIG")
            #expect(try await client.command("APPEND INBOX \(literal(4_096))").isOK)
            let append = try await client.command("APPEND INBOX (\\Seen) \(literal(4_097)) \(literal(3))")
            #expect(append.isBAD && append.code == "TOOBIG")
            // The second message of several, and a part.
            let second = try await client.command("APPEND INBOX \(literal(9)) \(literal(4_097))")
            #expect(second.isBAD && second.code == "TOOBIG")
            let part = try await client.command("APPEND INBOX CATENATE (TEXT \(literal(9)) TEXT \(literal(4_097)))")
            #expect(part.isBAD && part.code == "TOOBIG")
            let eightBit = try await client.command("APPEND INBOX ~\(literal(4_097))")
            #expect(eightBit.isBAD && eightBit.code == "TOOBIG")
            let status = try await client.command("STATUS INBOX (MESSAGES)").data("STATUS").first
            #expect(status?.values.last?.list?.last == .atom("1"))
            // One that is asked for may be as large as any.
            #expect(try await client.append("INBOX", Sample.message(1) + String(repeating: "y", count: 9_000)).isOK)
        }
    }

    @Test("what is too large to be swallowed ends the connection with BYE [TOOBIG]")
    func bye() async throws {
        try await TestServer.with {
            $0.literals = .small
            $0.limits.message = 10_000
        } _: { server in
            let client = try await server.select()
            try await client.send("P SEARCH SUBJECT {10001+}\r\n")
            let reply = try await client.reply(to: "P")
            #expect(reply.isBAD && reply.code == "TOOBIG")
            let bye = try await client.response()
            #expect(bye.condition == "BYE" && bye.code == "TOOBIG")
        }
    }

    @Test("without LITERAL+ and LITERAL- small ones are taken: IMAP4rev2 has them")
    func neither() async throws {
        try await TestServer.with { server in
            try await server.administration.switchCapabilities(["LITERAL+"], of: "alice@example.org", to: false)
            let client = try await server.select()
            let names = try #require(try await client.command("CAPABILITY").capabilities)
            #expect(!names.contains("LITERAL+") && !names.contains("LITERAL-"))
            #expect(try await client.command("SEARCH SUBJECT \(literal(4_096))").isOK)
            #expect(try await client.command("SEARCH SUBJECT \(literal(4_097))").code == "TOOBIG")
            // The connection's next login has its own.
            try await server.administration.switchCapabilities(["LITERAL+"], of: "alice@example.org", to: true)
            #expect(try await client.command("UNAUTHENTICATE").isOK)
            try await client.login()
            #expect(try await client.command("EXAMINE INBOX").isOK)
            #expect(try await client.command("SEARCH SUBJECT \(literal(4_097))").isOK)
        }
    }
}
