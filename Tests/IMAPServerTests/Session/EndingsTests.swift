// What ends a session from outside: its credential revoked or replaced, its account suspended, a kick, a ban.

import Accounts
import Mail
import MailCrypto
import MailStore
import NIOPosix
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct EndingsTests {
    /// The programs' own tests hold it to a second.
    private func endsSoon(
        _ client: IMAPTestClient, saying words: String, _ change: () async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        try await change()
        let last = try await client.untilClosed()
        #expect(last.map(\.condition) == ["BYE"])
        #expect(last.last?.text.contains(words) == true)
        #expect(ContinuousClock.now - start < .soon)
    }

    @Test("case 125: an app password that is revoked ends its own session and no other", arguments: [true, false])
    func revoked(idle: Bool) async throws {
        try await TestServer.with { server in
            let (phone, laptop) = (try await server.appPassword(), try await server.appPassword())
            let (first, second) = (try await server.connect(), try await server.connect())
            #expect(try await first.login("alice@example.org", phone.secret).isOK)
            #expect(try await second.login("alice@example.org", laptop.secret).isOK)
            let main = try await server.select()
            if idle {
                try await first.command("SELECT INBOX")
                try await first.send("I IDLE\r\n")
                #expect(try await first.response().tag == "+")
            }
            try await endsSoon(first, saying: "no longer valid") {
                try await server.administration.revokeAppPassword("alice@example.org", id: phone.id)
            }
            #expect(try await second.command("NOOP").isOK)
            #expect(try await main.command("NOOP").isOK)
            let again = try await server.connect()
            #expect(try await again.login("alice@example.org", phone.secret).code == "AUTHENTICATIONFAILED")
        }
    }

    @Test("case 125: an app password that is revoked while it logs in has no session afterwards")
    func revokedMeanwhile() async throws {
        try await TestServer.with { server in
            for _ in 0..<20 {
                let phone = try await server.appPassword()
                let client = try await server.connect()
                let administration = server.administration
                async let revoked: Void = administration.revokeAppPassword("alice@example.org", id: phone.id)
                let reply = try? await client.login("alice@example.org", phone.secret)
                try await revoked
                // Too late, or in time and then ended: by a BYE in place of the reply, or after it.
                guard let reply, reply.isOK else { continue }
                #expect(try await client.untilClosed().last?.condition == "BYE")
            }
        }
    }

    @Test("case 125: an app password that expires ends its session, and opens none", arguments: [true, false])
    func expired(idle: Bool) async throws {
        try await TestServer.with { server in
            let (client, expires, secret) = try await self.loginThatExpires(server, idle: idle)
            let last = try await client.untilClosed()
            #expect(last.last?.condition == "BYE" && last.last?.text == "This login has expired.")
            let late = LoginClock.system.now() - expires
            #expect((0...30).contains(late), "\(late) s after its expiry")
            let again = try await server.connect()
            #expect(try await again.login("alice@example.org", secret).code == "AUTHENTICATIONFAILED")
        }
    }

    /// A client with an app password that has some seconds left: more on a machine that needs them for the login.
    private func loginThatExpires(
        _ server: TestServer, idle: Bool
    ) async throws -> (IMAPTestClient, Int64, String) {
        for lifetime in [2, 4, 8, 16, 32] as [Int64] {
            let expires = LoginClock.system.now() + lifetime
            let password = try await server.appPassword(expires: expires)
            let client = try await server.connect()
            guard try await client.login("alice@example.org", password.secret).isOK else { continue }
            guard idle else { return (client, expires, password.secret) }
            try await client.send("I IDLE\r\n")
            // Where the login is over already, that is what is said in place of the +.
            if try await client.response().tag == "+" { return (client, expires, password.secret) }
        }
        throw TestFailure("no login in time")
    }

    @Test("case 125: an app password for another protocol opens no mailbox")
    func otherScope() async throws {
        try await TestServer.with { server in
            let password = try await server.appPassword([.smtp])
            let client = try await server.connect()
            let reply = try await client.login("alice@example.org", password.secret)
            #expect(reply.code == "AUTHENTICATIONFAILED" && reply.untagged.isEmpty)
        }
    }

    @Test("case 137: a message that is coming in when the account is suspended is not stored")
    func suspendedInAppend() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.send("A APPEND INBOX {1000}\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("Subject: half\r\n\r\n")
            try await endsSoon(client, saying: "no longer valid") {
                try await server.store.directory.setStatus(server.aliceID, .suspended, by: "test")
            }
            try await server.store.directory.setStatus(server.aliceID, .active, by: "test")
            #expect(try await server.login().command("EXAMINE INBOX").exists == 0)
        }
    }

    @Test("case 137: a client that does not read is cut off, and nothing it sent is carried out afterwards")
    func suspendedWithoutReading() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let body = "Subject: large\r\n\r\n" + String(repeating: "0123456789abcdef\r\n", count: 500_000)
            try await server.deliver([body])
            let client = try await server.select()
            try await client.stopReading()
            let commands = "F FETCH 2 BODY.PEEK[]\r\nS STORE 1 +FLAGS (\\Deleted)\r\nE EXPUNGE\r\n"
            client.sendWithoutWaiting(Array(commands.utf8))
            // Now the server is stuck in the reply: it has begun it, and has more than the sockets take.
            try await client.readOnce()
            let start = ContinuousClock.now
            try await server.store.directory.setStatus(server.aliceID, .suspended, by: "test")
            try await waitUntil("the session's end") { server.service.sessionCount == 0 }
            #expect(ContinuousClock.now - start < .soon)
            try await server.store.directory.setStatus(server.aliceID, .active, by: "test")
            #expect(try await server.login().command("EXAMINE INBOX").exists == 2)
            await client.close()
        }
    }

    @Test("a password that is reset ends its own sessions, and not those of app passwords")
    func passwordReset() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let phone = try await server.connect()
            let password = try await server.appPassword()
            #expect(try await phone.login("alice@example.org", password.secret).isOK)
            let hash = try PasswordHash.make(password: Array("other".utf8), parameters: TestServer.cheap)
            try await endsSoon(client, saying: "no longer valid") {
                try await server.store.directory.setPassword(server.aliceID, hash: hash, by: "test")
            }
            #expect(try await phone.command("NOOP").isOK)
        }
    }

    @Test("a kick ends the session with a BYE that says why, and leaves the credential")
    func kicked() async throws {
        try await Self.withLive { server, live, port in
            let client = try await IMAPTestClient.connect(port: port)
            let other = try await IMAPTestClient.connect(port: port)
            #expect(try await client.login().isOK)
            #expect(try await other.login().isOK)
            #expect(live.all.count == 2)
            let session = try #require(live.all.first)
            #expect(session.address == "alice@example.org" && session.protocolName == "imap")
            #expect(session.remoteAddress == "127.0.0.1" && session.tls == nil && session.client == nil)
            #expect(live.kick(session.id))
            #expect(!live.kick("nobody"))
            try await waitUntil("the session's end") { live.all.count == 1 }
            #expect(live.kick(account: server.aliceID) == 1)
            for one in [client, other] {
                let last = try await one.untilClosed()
                #expect(last.map(\.condition) == ["BYE"])
                #expect(last.last?.text == "The administrator has ended this session.")
            }
            try await waitUntil("the registry's end") { live.all.isEmpty }
            #expect(try await IMAPTestClient.connect(port: port).login().isOK)
        }
    }

    @Test("what a client says of itself is noted, before the login or after it, and cannot harm a terminal")
    func client() async throws {
        try await Self.withLive { _, live, port in
            let early = try await IMAPTestClient.connect(port: port)
            #expect(try await early.command("ID (\"name\" \"Mail\" \"version\" \"3.1\")").isOK)
            #expect(try await early.login().isOK)
            #expect(live.all.map(\.client) == ["Mail 3.1"])
            await early.close()
            try await waitUntil("the session's end") { live.all.isEmpty }
            let late = try await IMAPTestClient.connect(port: port)
            #expect(try await late.login().isOK)
            #expect(try await late.command("ID (\"NAME\" {8+}\r\n\u{1b}[31mBad)").isOK)
            #expect(live.all.map(\.client) == [" [31mBad"])
            let name = String(repeating: "x", count: 1_000)
            #expect(try await late.command("ID (\"name\" \"\(name)\")").isOK)
            #expect(live.all.first?.client?.count == 100)
            #expect(try await late.command("ID NIL").isOK)
            #expect(live.all.first?.client?.count == 100)
        }
    }

    private static func withLive(
        _ test: @Sendable (TestServer, LiveSessions, Int) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let live = LiveSessions()
            let service = IMAPService(
                store: server.store, authenticator: server.authenticator, liveSessions: live, tls: nil,
                settings: IMAPSettings(hostname: "mail.example.org", plaintextLogin: .loopback), logger: .quiet)
            let port = try await service.bind(
                host: "127.0.0.1", port: 0, security: .startTLS, on: MultiThreadedEventLoopGroup.singleton)
            do { try await test(server, live, port) } catch {
                await service.drain()
                throw error
            }
            await service.drain()
        }
    }
}
