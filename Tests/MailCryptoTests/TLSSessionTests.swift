// Resumption, ALPN, and certificates that change: what connections of one service share.

import MailCrypto
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@Suite struct TLSSessionTests {
    static let service = Result { try TestService() }

    var service: TestService { get throws { try Self.service.get() } }

    /// Connects, carries a line each way, and gives the pair and the client's session.
    private func visit(
        _ server: TLSContext, _ client: TLSContext, resuming session: TLSSession? = nil
    ) throws -> (pair: Pair, session: TLSSession?, resumed: Bool) {
        let pair = try Pair(client: client, server: server, resuming: session)
        try pair.connect()
        pair.client.write(ByteBuffer(string: "a NOOP\r\n"))
        pair.server.write(ByteBuffer(string: "a OK\r\n"))
        try pair.carry()
        let completed = try #require(pair.server.witness.completed.first)
        #expect(pair.client.witness.completed.first?.resumed == completed.resumed)
        return (pair, pair.client.handler.session, completed.resumed)
    }

    @Test("sessions are resumed, also after a reload", arguments: [TLSVersion.tls12, .tls13])
    func resumption(version: TLSVersion) throws {
        let reloadable = try ReloadableTLSContext(
            files: service.files, settings: TLSServerSettings(service: "imap"))
        let client = try service.client(minimum: version, maximum: version)
        let first = try visit(reloadable.current, client)
        #expect(!first.resumed)
        let second = try visit(reloadable.current, client, resuming: first.session)
        #expect(second.resumed)
        try reloadable.reload()
        let third = try visit(reloadable.current, client, resuming: second.session ?? first.session)
        #expect(third.resumed)
    }

    @Test("case 11: a ticket of one service is worth nothing at another", arguments: [TLSVersion.tls12, .tls13])
    func ticketsOfAnotherService(version: TLSVersion) throws {
        let keys = TicketKeys()
        let client = try service.client(minimum: version, maximum: version)
        let mx = try service.server(TLSServerSettings(service: "smtp"), ticketKeys: keys)
        let imap = try service.server(TLSServerSettings(service: "imap"), ticketKeys: keys)
        let session = try #require(try visit(mx, client).session)
        #expect(try visit(mx, client, resuming: session).resumed)
        #expect(try !visit(imap, client, resuming: session).resumed)
        let otherKeys = try service.server(TLSServerSettings(service: "smtp"))
        #expect(try !visit(otherKeys, client, resuming: session).resumed)
    }

    @Test(arguments: [TLSVersion.tls12, .tls13]) func ticketKeysChange(version: TLSVersion) throws {
        let clock = TestClock()
        let keys = TicketKeys { clock.now }
        let server = try service.server(ticketKeys: keys)
        let client = try service.client(minimum: version, maximum: version)
        let session = try #require(try visit(server, client).session)
        clock.advance(by: .seconds(13 * 3600))
        // Retired, yet it opens; what comes of it is sealed with the new key.
        let second = try visit(server, client, resuming: session)
        #expect(second.resumed)
        clock.advance(by: .seconds(11 * 3600 + 1))
        #expect(try !visit(server, client, resuming: session).resumed)
        #expect(try visit(server, client, resuming: second.session).resumed)
    }

    @Test(
        "ALPN",
        arguments: [
            ([], ["imap"], nil), (["imap"], [], nil), (["imap"], ["imap"], "imap"),
            (["h2", "imap"], ["imap"], "imap"), (["a", "b"], ["b", "a"], "b"),
        ] as [([String], [String], String?)])
    func applicationProtocols(client: [String], server: [String], chosen: String?) throws {
        let pair = try Pair(
            client: service.client(protocols: client),
            server: service.server(TLSServerSettings(service: "test", applicationProtocols: server)))
        try pair.connect()
        try pair.carry()
        #expect(pair.server.witness.completed.map(\.applicationProtocol) == [chosen])
        #expect(pair.client.witness.completed.map(\.applicationProtocol) == [chosen])
    }

    @Test("ALPN without a match is the alert no_application_protocol", arguments: [TLSVersion.tls12, .tls13])
    func applicationProtocolMismatch(version: TLSVersion) throws {
        let pair = try Pair(
            client: service.client(protocols: ["h2", "http/1.1"], minimum: version, maximum: version),
            server: service.server(TLSServerSettings(service: "test", applicationProtocols: ["imap"])))
        try pair.connect()
        try pair.carry()
        #expect(pair.server.witness.completed.isEmpty)
        #expect(pair.server.witness.tlsErrors == [.handshakeFailed(["no application protocol"])])
        #expect(pair.client.witness.tlsErrors.first?.description.contains("no application protocol") == true)
        #expect(!pair.server.channel.isActive)
        #expect(!pair.client.channel.isActive)
    }

    @Test func impossibleSettings() throws {
        for settings in [
            TLSServerSettings(service: ""), TLSServerSettings(service: String(repeating: "x", count: 33)),
            TLSServerSettings(service: "x", applicationProtocols: [""]),
            TLSServerSettings(service: "x", applicationProtocols: [String(repeating: "x", count: 256)]),
            TLSServerSettings(service: "x", minimumVersion: .tls13, maximumVersion: .tls12),
        ] {
            #expect(throws: CryptoError.self) { try service.server(settings) }
        }
    }

    @Test("a client refuses a wrong name and an unknown authority", arguments: [TLSVersion.tls12, .tls13])
    func verification(version: TLSVersion) throws {
        let stranger = try TestService()
        let trusting = try service.client(minimum: version, maximum: version)
        let distrusting = try stranger.client(minimum: version, maximum: version)
        for (context, hostname, good) in [
            (trusting, "localhost", true), (trusting, "127.0.0.1", true), (trusting, "::1", true),
            (trusting, "example.org", false), (trusting, "127.0.0.2", false), (distrusting, "localhost", false),
        ] {
            let server = try End(TLSHandler(server: service.server()))
            let client = try End(TLSHandler(client: context, hostname: hostname))
            try server.connect()
            try client.connect()
            while try Pair.carry(from: client, to: server) || Pair.carry(from: server, to: client) {}
            #expect(client.witness.completed.count == (good ? 1 : 0), "\(hostname)")
            if !good {
                guard case .handshakeFailed(let reasons) = client.witness.tlsErrors.first else {
                    Issue.record("\(hostname): \(client.witness.errors)")
                    continue
                }
                #expect(reasons.first == "certificate verify failed")
                #expect(reasons.count == 2)
            }
        }
        #expect(throws: CryptoError.self) { try TLSHandler(client: trusting, hostname: nil) }
        #expect(throws: CryptoError.self) { try TLSHandler(client: trusting, hostname: "no host\u{0}") }
    }

    @Test func aClientMayTrustAnyone() throws {
        let client = try TLSContext.client(TLSClientSettings(trust: .anyone))
        let server = try End(TLSHandler(server: service.server()))
        let end = try End(TLSHandler(client: client, hostname: nil))
        try server.connect()
        try end.connect()
        while try Pair.carry(from: end, to: server) || Pair.carry(from: server, to: end) {}
        #expect(end.witness.completed.count == 1)
    }
}

/// A monotonic clock that the test moves.
final class TestClock: Sendable {
    private let time = Mutex(ContinuousClock.now)
    var now: ContinuousClock.Instant { time.withLock { $0 } }
    func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}
