// Connections by a proxy: whose address counts, and that nobody else can say one.

import Accounts
import Mail
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ProxyTests {
    /// A version 2 header for a client at 192.0.2.7; LOCAL when `isLocal`.
    private static func header(isLocal: Bool = false, source: [UInt8] = [192, 0, 2, 7]) -> [UInt8] {
        [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, isLocal ? 0x20 : 0x21, 0x11, 0, 12]
            + source + [127, 0, 0, 1, 0xd4, 0x31, 0x03, 0xe1]
    }

    @Test("the client's address is the header's, before TLS and before STARTTLS")
    func address() async throws {
        let live = LiveSessions()
        try await TestServer.withTLS(proxies: ["127.0.0.0/8"], live: live) { _, ports, tls in
            let implicit = try await IMAPTestClient.connect(port: ports.implicit, tls: tls, prelude: Self.header())
            #expect(try await implicit.login().isOK)
            #expect(live.all.map(\.remoteAddress) == ["192.0.2.7"])
            await implicit.close()
            try await waitUntil("the session's end") { live.all.isEmpty }
            let plain = try await IMAPTestClient.connect(
                port: ports.startTLS, prelude: Self.header(source: [198, 51, 100, 9]))
            #expect(try await plain.command("STARTTLS").isOK)
            try await plain.startTLS(tls)
            #expect(try await plain.login().isOK)
            #expect(live.all.map(\.remoteAddress) == ["198.51.100.9"])
        }
    }

    /// A service that lets passwords through on loopback and trusts these proxies.
    private func withPlain(
        proxies: [String], _ test: @Sendable (TestServer, LiveSessions, Int) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let live = LiveSessions()
            try await server.authenticator.prepare()
            var settings = IMAPSettings(hostname: "mail.example.org", plaintextLogin: .loopback)
            settings.proxyNetworks = try proxies.map { try Network($0) }
            let service = IMAPService(
                store: server.store, authenticator: server.authenticator, liveSessions: live, tls: nil,
                settings: settings, logger: .quiet)
            let port = try await service.bind(
                host: "127.0.0.1", port: 0, security: .startTLS, on: MultiThreadedEventLoopGroup.singleton)
            do { try await test(server, live, port) } catch {
                await service.drain()
                throw error
            }
            await service.drain()
        }
    }

    @Test("a client behind a proxy on this machine is not on this machine, whatever its header says")
    func loopback() async throws {
        try await withPlain(proxies: ["127.0.0.1"]) { _, live, port in
            for source in [[192, 0, 2, 7], [127, 0, 0, 1]] as [[UInt8]] {
                let client = try await IMAPTestClient.connect(port: port, prelude: Self.header(source: source))
                #expect(client.greeting.code?.contains("LOGINDISABLED") == true)
                #expect(try await client.login().code == "PRIVACYREQUIRED")
            }
            // The proxy for itself is.
            let check = try await IMAPTestClient.connect(port: port, prelude: Self.header(isLocal: true))
            #expect(try await check.login().isOK)
            #expect(live.all.map(\.remoteAddress) == ["127.0.0.1"])
        }
    }

    @Test("case 154: a header from who is no proxy is not believed")
    func untrusted() async throws {
        try await withPlain(proxies: ["10.0.0.0/8"]) { _, live, port in
            let client = try await IMAPTestClient.connect(port: port)
            client.sendWithoutWaiting(Self.header() + Array("A LOGIN alice@example.org secret\r\n".utf8))
            _ = try? await client.untilClosed()
            #expect(live.all.filter { $0.remoteAddress != "127.0.0.1" }.isEmpty)
        }
    }

    @Test(
        "case 154: a proxy that sends no header, a broken one or 10 KB of one is closed without a word",
        arguments: [
            Array("A LOGIN alice@example.org secret\r\n".utf8), Array("PROXY TCP4 192.0.2.7 127.0.0.1 1 2\r\n".utf8),
            header().prefix(14) + [0x28, 0x00] + [UInt8](repeating: 0, count: 10_240),
        ])
    func malformed(bytes: [UInt8]) async throws {
        try await withPlain(proxies: ["127.0.0.1"]) { _, live, port in
            await #expect(throws: (any Error).self) {
                let client = try await IMAPTestClient.connect(port: port, prelude: bytes)
                Issue.record("it was greeted: \(client.greeting)")
            }
            #expect(live.all.isEmpty)
        }
    }

    @Test("a banned address is closed without a word; its neighbours behind the same proxy are not")
    func banned() async throws {
        try await withPlain(proxies: ["127.0.0.1"]) { server, _, port in
            _ = try await server.administration.addBan("192.0.2.0/28", reason: "test")
            try await waitUntil("the ban") { !server.authenticator.mayConnect("192.0.2.7") }
            await #expect(throws: IMAPTestClient.Closed.self) {
                try await IMAPTestClient.connect(port: port, prelude: Self.header())
            }
            let other = try await IMAPTestClient.connect(port: port, prelude: Self.header(source: [192, 0, 2, 99]))
            #expect(other.greeting.condition == "OK")
            try await server.administration.liftBan("192.0.2.0/28")
            try await waitUntil("the ban's end") { server.authenticator.mayConnect("192.0.2.7") }
            let again = try await IMAPTestClient.connect(port: port, prelude: Self.header())
            #expect(again.greeting.condition == "OK")
        }
    }
}
