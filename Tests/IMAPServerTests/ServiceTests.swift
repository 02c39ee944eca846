// The service around the sessions: TLS, revoked logins, drain, pipelining, hostile wires.

import Accounts
import Foundation
import Logging
import Mail
import MailCrypto
import MailStore
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ServiceTests {
    // MARK: TLS

    @Test func implicitTLS() async throws {
        try await TestServer.withTLS { server, ports, context in
            try await server.fill(1)
            let client = try await IMAPTestClient.connect(port: ports.implicit, tls: context)
            #expect(client.greeting.code?.contains("STARTTLS") == false)
            #expect(client.greeting.code?.contains("AUTH=PLAIN") == true)
            #expect(try await client.login().isOK)
            #expect(try await client.command("SELECT INBOX").exists == 1)
            #expect(try await client.command("FETCH 1 BODY[]").fetches.count == 1)
        }
    }

    @Test("case 5: STARTTLS once, and not when logged in")
    func startTLS() async throws {
        try await TestServer.withTLS { _, ports, context in
            let client = try await IMAPTestClient.connect(port: ports.startTLS)
            #expect(client.greeting.code?.contains("STARTTLS") == true)
            #expect(try await client.login().code == "PRIVACYREQUIRED")
            #expect(try await client.command("STARTTLS").isOK)
            try await client.startTLS(context)
            let capability = try await client.command("CAPABILITY").data("CAPABILITY").first?.values ?? []
            #expect(!capability.contains(.atom("STARTTLS")) && capability.contains(.atom("AUTH=PLAIN")))
            #expect(try await client.command("STARTTLS").isBAD)
            #expect(try await client.login().isOK)
            #expect(try await client.command("STARTTLS").isBAD)
        }
    }

    @Test("case 1, pitfall 9: what was sent in plain text behind STARTTLS is never carried out")
    func injection() async throws {
        try await TestServer.withTLS { _, ports, context in
            let client = try await IMAPTestClient.connect(port: ports.startTLS)
            try await client.send("S STARTTLS\r\nX LOGIN alice@example.org secret\r\nY NOOP\r\n")
            #expect(try await client.reply(to: "S").isOK)
            try await client.startTLS(context)
            // The first answer inside TLS is that to the first question inside TLS.
            let reply = try await client.command("NOOP")
            #expect(reply.isOK && reply.untagged.isEmpty)
            #expect(try await client.command("SELECT INBOX").isBAD)
        }
    }

    @Test("case 3: plain text where the handshake should be ends the connection")
    func plainTextAfterStartTLS() async throws {
        try await TestServer.withTLS { _, ports, _ in
            let client = try await IMAPTestClient.connect(port: ports.startTLS)
            #expect(try await client.command("STARTTLS").isOK)
            try await client.send("X NOOP\r\n")
            do {
                while true { _ = try await client.response() }
            } catch {
                // A TLS alert or the end: no IMAP in any case.
                #expect(error is IMAPTestClient.Closed || error is IMAPProtocolError)
            }
        }
    }

    @Test("case 12: a TLS handshake that never comes to its end is cut off with the login's time")
    func slowHandshake() async throws {
        try await TestServer.withTLS(timeBeforeLogin: .milliseconds(100)) { _, ports, _ in
            let start = ContinuousClock.now
            await #expect(throws: IMAPTestClient.Closed.self) {
                _ = try await IMAPTestClient.connect(port: ports.implicit)
            }
            #expect(ContinuousClock.now - start < .soon)
        }
    }

    // MARK: Logins that end

    @Test("case 137: the sessions of a suspended account end soon", arguments: [true, false])
    func suspended(idle: Bool) async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            if idle {
                try await client.send("I IDLE\r\n")
                #expect(try await client.response().tag == "+")
            }
            let start = ContinuousClock.now
            try await server.store.directory.setStatus(server.aliceID, .suspended, by: "test")
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
            #expect(ContinuousClock.now - start < .soon)
            #expect(try await server.connect().login().code == "AUTHENTICATIONFAILED")
        }
    }

    @Test func aNewPasswordEndsTheOldSessions() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let hash = try PasswordHash.make(
                password: Array("other".utf8),
                parameters: Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1))
            try await server.store.directory.setPassword(server.aliceID, hash: hash, by: "test")
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
            #expect(try await server.connect().login("alice@example.org", "other").isOK)
        }
    }

    @Test func drain() async throws {
        try await TestServer.with { server in
            let waiting = try await server.select()
            let idling = try await server.select()
            try await idling.send("I IDLE\r\n")
            #expect(try await idling.response().tag == "+")
            await server.service.drain()
            #expect(try await waiting.untilClosed().map(\.condition) == ["BYE"])
            #expect(try await idling.untilClosed().map(\.condition) == ["BYE"])
            #expect(server.service.sessionCount == 0)
        }
    }

    // MARK: The wire

    static let transcript = [
        "CAPABILITY", "NOOP", "LOGIN alice@example.org secret", "SELECT INBOX", "FETCH 1:* (FLAGS UID BODY.PEEK[TEXT])",
        "STORE 1 +FLAGS (\\Flagged)", "SEARCH FLAGGED", "UID SEARCH SUBJECT {8+}\r\nNumber 2", "COPY 1 {4+}\r\nSent",
        "LIST \"\" *", "STATUS Sent (MESSAGES)", "NONSENSE", "APPEND Drafts {14+}\r\nSubject: x\r\n\r\n",
        "EXPUNGE", "LOGOUT",
    ]

    @Test("case 57: a transcript gets the same replies in one piece and byte by byte")
    func cuts() async throws {
        let text = Self.transcript.enumerated().map { "T\($0) \($1)\r\n" }.joined()
        var outcomes: [[String]] = []
        for size in [text.utf8.count, 1, 7, 64] {
            outcomes.append(
                try await TestServer.with { server in
                    try await server.fill(3)
                    let client = try await server.connect()
                    let bytes = Array(text.utf8)
                    for start in stride(from: 0, to: bytes.count, by: size) {
                        try await client.send(Array(bytes[start..<min(start + size, bytes.count)]))
                    }
                    return try await client.untilClosed().map { "\($0.tag) \($0.condition ?? "") \($0.values)" }
                })
        }
        for outcome in outcomes.dropFirst() { #expect(outcome == outcomes[0]) }
        #expect(outcomes[0].last?.hasPrefix("T14 OK") == true)
    }

    @Test("pitfall 3, case 83: many pipelined commands are answered in order, by a server that waits for its reader")
    func pipelining() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let count = 20_000
            try await client.stopReading()
            for start in stride(from: 0, to: count, by: 1_000) {
                client.sendWithoutWaiting(Array((start..<start + 1_000).map { "N\($0) NOOP\r\n" }.joined().utf8))
            }
            try await Task.sleep(for: .milliseconds(100))
            try await client.resumeReading()
            for number in 0..<count {
                let response = try await client.response()
                guard response.tag == "N\(number)", response.condition == "OK" else {
                    Issue.record("\(response) instead of N\(number)")
                    return
                }
            }
        }
    }

    @Test(
        "case 49: absurd literal sizes are BAD",
        arguments: [
            "{4294967296}", "{18446744073709551616}", "{-1}", "{0x5}", "{ 5}", "{5+}+",
        ])
    func literals(size: String) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("A LOGIN \(size)\r\n")
            let response = try await client.response()
            #expect(response.condition == "BAD" || response.condition == "NO" || response.condition == "BYE")
        }
    }

    @Test("case 50: a large literal before login gets no +")
    func largeLiteral() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            try await client.send("A LOGIN {65536}\r\n")
            #expect(try await client.response().tag != "+")
        }
    }

    @Test("case 52: bytes without an end are cut off", arguments: ["", "A ", "A LOGIN ", "A LOGIN \"", "A NOOP ("])
    func endless(beginning: String) async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            client.sendWithoutWaiting(Array((beginning + String(repeating: "x", count: 1 << 20)).utf8))
            let responses = try await client.untilClosed()
            #expect(responses.last?.condition == "BYE" || responses.isEmpty)
        }
    }

    @Test(
        "case 53: parentheses before and after login", arguments: ["ID ", "FETCH 1 ", "SEARCH ", "STATUS x ", "LIST "])
    func parentheses(command: String) async throws {
        try await TestServer.with { server in
            let client = command == "ID " ? try await server.connect() : try await server.select()
            #expect(try await client.command(command + String(repeating: "(", count: 4_000)).isBAD)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("case 55: message sets that are none", arguments: ["0", "*:0", "1:*:2", "4294967296", "", ",", "1,", "1:"])
    func sets(set: String) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            #expect(try await client.command("FETCH \(set) FLAGS").isBAD)
            #expect(try await client.command("UID FETCH \(set) FLAGS").isBAD)
        }
    }

    @Test("case 85: ID with too much is refused and nothing of it is kept")
    func identity() async throws {
        try await TestServer.with { server in
            let client = try await server.connect()
            let pairs = (0..<200).map { "\"k\($0)\" \"v\"" }.joined(separator: " ")
            #expect(try await client.command("ID (\(pairs))").isBAD)
            #expect(try await client.command("ID (\"name\" {4+}\r\n\u{1b}[31)").isOK)
        }
    }

    @Test func tooManyBadCommands() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            for _ in 0..<20 { #expect(try await client.command("NONSENSE").isBAD) }
            #expect(try await client.untilClosed().map(\.condition) == ["BYE"])
        }
    }
}
