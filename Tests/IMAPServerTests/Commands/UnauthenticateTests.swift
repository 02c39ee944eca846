// UNAUTHENTICATE (RFC 8437): nothing of a login is left to the next.

import Accounts
import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct UnauthenticateTests {
    @Test("the selection goes without expunging, what was enabled is off, the state is that of a new connection")
    func resetting() async throws {
        try await TestServer.with { server in
            try await server.fill(2, flags: Flags(.deleted))
            let client = try await server.login(.qresync)
            try await client.command("SELECT INBOX")
            try await client.command("SEARCH RETURN (SAVE) ALL")
            let reply = try await client.command("UNAUTHENTICATE")
            #expect(reply.isOK && reply.untagged.isEmpty)
            for command in ["SELECT INBOX", "UNAUTHENTICATE"] {
                #expect(try await client.command(command).isBAD, "\(command)")
            }
            let capabilities = try await client.command("CAPABILITY").data("CAPABILITY")[0].values.compactMap(\.text)
            #expect(capabilities.contains("SASL-IR") && !capabilities.contains("MOVE"))
            try await client.login()
            #expect(try await client.command("SELECT INBOX (QRESYNC (1 1))").isBAD)
            try await client.command("SELECT INBOX")
            #expect(try await client.command("STORE 1 +FLAGS (\\Seen)").fetches.map(\.modSeq) == [nil])
            #expect(try await client.command("FETCH $ UID").fetches.isEmpty)
        }
    }

    @Test("what was annotated between two logins is no news to the second")
    func annotations() async throws {
        try await TestServer.with { server in
            let (client, other) = (try await server.login(), try await server.login())
            try await client.command("ENABLE METADATA")
            #expect(try await client.command("UNAUTHENTICATE").isOK)
            #expect(try await other.command("SETMETADATA INBOX (/private/comment \"x\")").isOK)
            try await client.login()
            try await client.command("ENABLE METADATA")
            let reply = try await client.command("NOOP")
            #expect(reply.isOK && reply.data("METADATA").isEmpty, "\(reply.untagged)")
        }
    }

    @Test("another account's mail, and nothing of the first one's")
    func anotherAccount() async throws {
        try await TestServer.with { server in
            let administration = server.administration
            _ = try await administration.createAccount(
                "bob@example.org", password: .given(Array("correct horse battery staple 7".utf8)))
            try await server.fill(3)
            let client = try await server.select()
            try await client.command("CREATE mine")
            let tags = ["A", "B", "C"]
            try await client.send(
                "A UNAUTHENTICATE\r\nB LOGIN bob@example.org \"correct horse battery staple 7\"\r\nC SELECT INBOX\r\n")
            for tag in tags { #expect(try await client.reply(to: tag).isOK, "\(tag)") }
            #expect(try await client.command("SEARCH ALL").found == [])
            #expect(try await client.command("SELECT mine").isNO)
        }
    }

    @Test("a login that ended this way is in no list, and its revocation harms nobody")
    func leavingTheLists() async throws {
        let live = LiveSessions()
        try await TestServer.withTLS(live: live) { server, ports, tls in
            let client = try await IMAPTestClient.connect(port: ports.implicit, tls: tls)
            try await client.login()
            #expect(live.all.count == 1)
            #expect(try await client.command("UNAUTHENTICATE").isOK)
            #expect(live.all.isEmpty)
            try await server.administration.suspendAccount("alice@example.org")
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("compression ends behind the OK")
    func compressed() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("COMPRESS DEFLATE").isOK)
            try await client.addHandler { try ClientDeflateHandler() }
            #expect(try await client.command("SELECT INBOX").isOK)
            #expect(try await client.command("UNAUTHENTICATE").isOK)
            try await client.removeHandler(ClientDeflateHandler.self)
            #expect(try await client.login().isOK)
            #expect(try await client.command("SELECT INBOX").isOK)
        }
    }
}
