// Client certificates and channel bindings: whose certificate came, and that no session carries it anywhere.

import COpenSSL
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import MailCrypto

@Suite struct ClientCertificateTests {
    static let service = Result { try TestService() }
    static let person = Result { try TestService() }

    var service: TestService { get throws { try Self.service.get() } }
    /// Somebody with a certificate that no authority of ours knows.
    var person: TestService { get throws { try Self.person.get() } }

    private func fingerprint(_ files: CertificateFiles) throws -> String { try CertificateInfo.load(files).fingerprint }

    /// Connects, and lets a line go each way, with which the tickets come.
    private func visit(
        _ server: TLSContext, asks: Bool = true, _ client: TLSContext, resuming session: TLSSession? = nil
    ) throws -> Pair {
        let pair = try Pair(client: client, server: server, resuming: session, asksForCertificate: asks)
        try pair.connect()
        pair.client.write(ByteBuffer(string: "a NOOP\r\n"))
        pair.server.write(ByteBuffer(string: "a OK\r\n"))
        try pair.carry()
        return pair
    }

    @Test("a certificate is told by its fingerprint, whoever issued it", arguments: [TLSVersion.tls12, .tls13])
    func shown(version: TLSVersion) throws {
        let client = try service.client(minimum: version, maximum: version, showing: person.files)
        let pair = try Pair(client: client, server: service.server(), asksForCertificate: true)
        #expect(pair.server.handler.peerCertificateFingerprint == nil)
        try pair.connect()
        try pair.carry()
        #expect(pair.server.witness.errors.isEmpty)
        let seen = try #require(pair.server.handler.peerCertificateFingerprint)
        #expect(try hexadecimal(seen) == fingerprint(person.files))
        let shownByServer = try #require(pair.client.handler.peerCertificateFingerprint)
        #expect(try hexadecimal(shownByServer) == fingerprint(service.files))
    }

    @Test("a client without one is welcome, and one is never taken unasked", arguments: [TLSVersion.tls12, .tls13])
    func notShown(version: TLSVersion) throws {
        let without = try service.client(minimum: version, maximum: version)
        let with = try service.client(minimum: version, maximum: version, showing: person.files)
        for (client, asks) in [(without, true), (without, false), (with, false)] {
            let pair = try visit(service.server(), asks: asks, client)
            #expect(pair.server.witness.completed.count == 1)
            #expect(pair.server.handler.peerCertificateFingerprint == nil)
        }
    }

    @Test("a chain of over 32 KiB is refused before anybody has logged in", arguments: [TLSVersion.tls12, .tls13])
    func longChain(version: TLSVersion) throws {
        let folder = try TemporaryFolder()
        let made = try SelfSignedCertificate.make(
            hostname: "long.example", alternativeNames: (0..<2000).map { "name-\($0).long.example" })
        let files = CertificateFiles(
            certificateChain: try folder.write("cert.pem", made.certificatePEM),
            privateKey: try folder.write("key.pem", made.privateKeyPEM))
        let client = try service.client(minimum: version, maximum: version, showing: files)
        let pair = try visit(service.server(), client)
        #expect(pair.server.witness.completed.isEmpty)
        #expect(pair.server.handler.peerCertificateFingerprint == nil)
        #expect(!pair.server.channel.isActive)
    }

    @Test("a client's flight with one byte changed never traps, and shows nobody", arguments: 0..<5)
    func changedFlight(offset: Int) throws {
        let context = try service.server()
        let client = try service.client(minimum: .tls12, maximum: .tls12, showing: person.files)
        // In TLS 1.2 the certificate travels in the clear: every byte of it can be changed on the way.
        for index in stride(from: offset, to: 1200, by: 35) {
            let pair = try Pair(client: client, server: context, asksForCertificate: true)
            try pair.connect()
            _ = try Pair.carry(from: pair.client, to: pair.server)
            _ = try Pair.carry(from: pair.server, to: pair.client)
            var flight = Array(try pair.client.takeRecords().readableBytesView)
            #expect(flight.count > 600)
            flight[index % flight.count] ^= UInt8(1 << (index % 8))
            pair.server.channel.pipeline.fireChannelRead(ByteBuffer(bytes: flight))
            #expect(pair.server.witness.completed.isEmpty)
            #expect(pair.server.handler.peerCertificateFingerprint == nil)
        }
    }

    @Test(
        "case 11: no ticket carries an identity, neither to another service nor to its own",
        arguments: [TLSVersion.tls12, .tls13])
    func ticketsCarryNoIdentity(version: TLSVersion) throws {
        let keys = TicketKeys()
        let imap = try service.server(TLSServerSettings(service: "imap"), ticketKeys: keys)
        let smtp = try service.server(TLSServerSettings(service: "smtp"), ticketKeys: keys)
        let with = try service.client(minimum: version, maximum: version, showing: person.files)
        let first = try visit(imap, with)
        #expect(first.server.handler.peerCertificateFingerprint != nil)
        let session = try #require(first.client.handler.session)
        // The thief of a session has not the key of the certificate.
        let without = try service.client(minimum: version, maximum: version)
        for (server, asks) in [(imap, true), (imap, false), (smtp, true), (smtp, false)] {
            let pair = try visit(server, asks: asks, without, resuming: session)
            #expect(pair.server.witness.completed.map(\.resumed) == [false])
            #expect(pair.server.handler.peerCertificateFingerprint == nil)
        }
        // Its owner proves it anew.
        let again = try visit(imap, with, resuming: session)
        #expect(again.server.witness.completed.map(\.resumed) == [false])
        #expect(again.server.handler.peerCertificateFingerprint != nil)
    }

    @Test("who was never asked is asked; who had none resumes", arguments: [TLSVersion.tls12, .tls13])
    func sessionsWithoutCertificate(version: TLSVersion) throws {
        let keys = TicketKeys()
        let imap = try service.server(TLSServerSettings(service: "imap"), ticketKeys: keys)
        let smtp = try service.server(TLSServerSettings(service: "smtp"), ticketKeys: keys)
        let client = try service.client(minimum: version, maximum: version)
        func resumes(_ server: TLSContext, asks: Bool, _ session: TLSSession) throws -> Bool? {
            try visit(server, asks: asks, client, resuming: session).server.witness.completed.first?.resumed
        }
        let unasked = try #require(try visit(imap, asks: false, client).client.handler.session)
        #expect(try resumes(imap, asks: true, unasked) == false)
        #expect(try resumes(imap, asks: false, unasked) == true)
        let asked = try #require(try visit(imap, asks: true, client).client.handler.session)
        #expect(try resumes(imap, asks: true, asked) == true)
        #expect(try resumes(imap, asks: false, asked) == false)
        #expect(try resumes(smtp, asks: true, asked) == false)
    }

    // MARK: Channel binding

    @Test(
        "RFC 9266: both ends have the same binding, and every connection another",
        arguments: [TLSVersion.tls12, .tls13])
    func channelBinding(version: TLSVersion) throws {
        let client = try service.client(minimum: version, maximum: version)
        let server = try service.server()
        let pair = try Pair(client: client, server: server)
        #expect(pair.server.handler.channelBinding == nil)
        try pair.connect()
        try pair.carry()
        let binding = try #require(pair.server.handler.channelBinding)
        #expect(binding.count == 32)
        #expect(binding == pair.client.handler.channelBinding)
        let exported = pair.client.handler.exportKeyingMaterial(
            label: "EXPORTER-Channel-Binding", context: [], length: 32)
        #expect(binding == exported)
        let session = pair.client.handler.session
        #expect(try visit(server, client).server.handler.channelBinding != binding)
        #expect(try visit(server, asks: false, client, resuming: session).server.handler.channelBinding != binding)
    }

    @Test("TLS 1.2 without extended master secret has no binding")
    func withoutExtendedMasterSecret() throws {
        let client = try service.client(minimum: .tls12, maximum: .tls12)
        SSL_CTX_set_options(client.pointer, 1)
        let pair = try visit(service.server(), client)
        #expect(pair.server.witness.completed.count == 1)
        #expect(pair.server.handler.channelBinding == nil)
        #expect(pair.client.handler.channelBinding == nil)
        #expect(pair.server.handler.exportKeyingMaterial(label: "x", context: nil, length: 32) != nil)
    }

    // MARK: openssl's client

    @Test(.enabled(if: hasOpenSSL), arguments: ["-tls1_2", "-tls1_3"])
    func opensslShowsACertificate(flag: String) async throws {
        let folder = try TemporaryFolder()
        let (cert, key) = ("\(folder.path)/cert.pem", "\(folder.path)/key.pem")
        // RSA, of nobody's making: nothing of it counts but that it is this one.
        let made = try await runChild(
            "/usr/bin/openssl",
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=alice", "-days", "1", "-keyout", key,
                "-out", cert,
            ])
        #expect(made.status == 0, "\(made.output)")
        let wanted = try fingerprint(CertificateFiles(certificateChain: cert, privateKey: key))
        try await EchoService.with(asksForCertificate: true) { _, echo in
            let output = try await echo.sClient(
                [flag, "-cert", cert, "-key", key, "-ign_eof", "-sess_out", "\(folder.path)/session"], input: "bye\n")
            #expect(output.contains("* OK ready"), "\(output)")
            let resumed = try await echo.sClient(
                [flag, "-sess_in", "\(folder.path)/session", "-ign_eof"], input: "bye\n")
            #expect(resumed.contains("New, TLSv1"), "\(resumed)")
            let none = try await echo.sClient([flag, "-ign_eof"], input: "bye\n")
            #expect(none.contains("* OK ready"), "\(none)")
            #expect(echo.connections.current.fingerprints.map { $0.map(hexadecimal) } == [wanted, nil, nil])
        }
    }

    @Test("openssl's client exports the same binding", .enabled(if: hasOpenSSL))
    func opensslExportsTheBinding() async throws {
        try await EchoService.with { _, echo in
            let output = try await echo.sClient(
                ["-tls1_3", "-ign_eof", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32"],
                input: "bye\n")
            let binding = try #require(echo.connections.current.channelBindings.first ?? nil)
            #expect(output.contains(hexadecimal(binding).uppercased()), "\(output)")
        }
    }
}
