// What connections may take before anybody has logged in on them, and how many one account may have.

import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ConnectionLimitTests {
    @Test("case 148: where all places are taken, the oldest that has not logged in makes room; who is in stays")
    func displaced() async throws {
        try await TestServer.with({ $0.connections = 3 }) { server in
            let first = try await server.login()
            let oldest = try await server.connect()
            let newer = try await server.connect()
            let second = try await server.login()
            #expect(try await oldest.untilClosed().isEmpty)
            #expect(try await newer.command("NOOP").isOK)
            let third = try await server.login()
            #expect(try await newer.untilClosed().isEmpty)
            // All three are logged in: now it is the new one that cannot stay.
            let refused = try await server.connect()
            #expect(refused.greeting.condition == "BYE")
            for client in [first, second, third] { #expect(try await client.command("NOOP").isOK) }
            try await waitUntil("the end of those that made room") { server.service.sessionCount == 3 }
            await third.close()
            try await waitUntil("the session's end") { server.service.sessionCount == 2 }
            #expect(try await server.login().command("NOOP").isOK)
        }
    }

    @Test("case 148: a thousand strangers in three places leave nothing behind")
    func manyStrangers() async throws {
        try await TestServer.with({ $0.connections = 3 }) { server in
            let inside = try await server.login()
            for _ in 0..<1_000 { _ = try await server.connect() }
            #expect(try await inside.command("NOOP").isOK)
            try await waitUntil("the displaced sessions' end") { server.service.sessionCount <= 3 }
            let refused = try await server.login()
            #expect(try await refused.command("NOOP").isOK)
        }
    }

    @Test("case 149: one byte after the other wins no time: the time before the login is one for all of it")
    func slow() async throws {
        try await TestServer.with({ $0.limits.timeBeforeAuthentication = .milliseconds(500) }) { server in
            let client = try await server.connect()
            // Within a line there is room for more than two minutes of it.
            var sent = 0
            while server.service.sessionCount > 0, sent < 5_000 {
                client.sendWithoutWaiting([0x78])
                sent += 1
                try await Task.sleep(for: .milliseconds(30))
            }
            #expect(sent < 1_000)
        }
    }

    @Test("cases 83 and 149: who asks without a login and does not read is cut off when the time is over")
    func neverReads() async throws {
        let limits: @Sendable (inout IMAPSettings) -> Void = {
            $0.limits.timeBeforeAuthentication = .seconds(1)
            $0.limits.commandsBeforeAuthentication = .max
        }
        try await TestServer.with(limits) { server in
            let client = try await server.connect()
            try await client.stopReading()
            client.sendWithoutWaiting(Array(String(repeating: "N NOOP\r\n", count: 600_000).utf8))
            let start = ContinuousClock.now
            try await waitUntil("the session's end") { server.service.sessionCount == 0 }
            #expect(ContinuousClock.now - start < .soon)
        }
    }

    @Test("case 148: a hundred commands without a login are enough; each login has as many before it")
    func manyCommands() async throws {
        try await TestServer.with({ $0.limits.timeBeforeAuthentication = .seconds(3_600) }) { server in
            let client = try await server.connect()
            for _ in 0..<3 {
                for count in [90, 200] {
                    try await client.send(String(repeating: "N NOOP\r\n", count: count))
                    for _ in 0..<count { #expect(try await client.response().condition == "OK") }
                    if count == 90 { #expect(try await client.login().isOK) }
                }
                #expect(try await client.command("UNAUTHENTICATE").isOK)
            }
            // One too many and no more: what the server has not read takes its last word away.
            client.sendWithoutWaiting(Array(String(repeating: "N NOOP\r\n", count: 101).utf8))
            let replies = try await client.untilClosed()
            #expect(replies.count == 101 && replies.last?.condition == "BYE")
        }
    }

    @Test("case 153: one session too many of an account is told LIMIT; those that are there stay")
    func perAccount() async throws {
        try await TestServer.with({ $0.connectionsPerAccount = 2 }) { server in
            let clients = [try await server.login(), try await server.login()]
            let third = try await server.connect()
            // More often than passwords may be wrong.
            for _ in 0..<5 { #expect(try await third.login().code == "LIMIT") }
            for client in clients { #expect(try await client.command("SELECT INBOX").isOK) }
            #expect(try await clients[0].command("LOGOUT").isOK)
            try await waitUntil("room") { try await third.login().isOK }
            #expect(try await third.command("SELECT INBOX").isOK)
            let fourth = try await server.connect()
            #expect(try await fourth.login().code == "LIMIT")
            #expect(try await clients[1].command("UNAUTHENTICATE").isOK)
            #expect(try await fourth.login().isOK)
        }
    }
}
