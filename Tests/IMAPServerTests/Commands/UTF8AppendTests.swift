// APPEND … UTF8 (~{…}): messages with UTF-8 in their headers (RFC 6855 §4).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct UTF8AppendTests {
    private static let message = "Subject: Gr\u{fc}\u{df}e\r\n\r\nbody\r\n"

    private func append(_ client: IMAPTestClient, _ message: String) async throws -> IMAPReply {
        try await client.command("APPEND INBOX UTF8 (~{\(message.utf8.count)+}\r\n\(message))")
    }

    @Test("pitfall 13: the UTF8 form before ENABLE is BAD, and its literal is eaten")
    func notEnabled() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await append(client, "x DELETE Sent\r\n").isBAD)
            try await client.send("Q APPEND INBOX UTF8 (~{10}\r\n")
            #expect(try await client.reply(to: "Q").isBAD)
            #expect(try await client.command("LIST \"\" *").data("LIST").count == 6)
        }
    }

    @Test("RFC 6855 §4: once enabled the message is stored as it came, alone and as a part of CATENATE")
    func enabled() async throws {
        try await TestServer.with { server in
            guard Capabilities.enableable.contains("UTF8=ACCEPT") else { return }
            let client = try await server.login()
            #expect(try await client.command("ENABLE UTF8=ACCEPT").isOK)
            try await client.command("SELECT INBOX")
            #expect(try await append(client, Self.message).isOK)
            let size = Self.message.utf8.count
            try await client.send("P APPEND INBOX CATENATE (UTF8 (~{\(size)+}\r\n\(Self.message)) TEXT {1+}\r\nx)\r\n")
            #expect(try await client.reply(to: "P").isOK)
            let fetch = try await client.command("FETCH 1:2 BODY.PEEK[]").fetches
            #expect(fetch.map { $0.items["BODY[]"]?.text } == [Self.message, Self.message + "x"])
        }
    }
}
