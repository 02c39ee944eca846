// What strangers send: not TLS, half of TLS, old TLS, and TLS that asks for answers without end.

import COpenSSL
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import MailCrypto

@Suite struct TLSAttackTests {
    static let service = Result { try TestService() }

    var service: TestService { get throws { try Self.service.get() } }

    private func server() throws -> End {
        let end = try End(TLSHandler(server: service.server()))
        try end.connect()
        return end
    }

    private func connected(_ version: TLSVersion) throws -> Pair {
        let pair = try Pair(
            client: service.client(minimum: version, maximum: version), server: service.server())
        try pair.connect()
        try pair.carry()
        return pair
    }

    private func send(_ bytes: [UInt8], to end: End) {
        end.channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
        end.channel.pipeline.fireChannelReadComplete()
    }

    @Test(
        "case 3: plaintext instead of a ClientHello ends the connection",
        arguments: [
            "b CAPABILITY\r\n", "EHLO x\r\n", "GET / HTTP/1.1\r\n\r\n", "\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}\u{0}",
            "\r\n\r\n\r\n", "SSH-2.0-x\r\n",
        ])
    func plaintext(text: String) throws {
        let end = try server()
        send(Array(text.utf8), to: end)
        guard case .handshakeFailed(let reasons) = end.witness.tlsErrors.first else {
            Issue.record("\(end.witness.errors)")
            return
        }
        #expect(!reasons.isEmpty)
        #expect(end.witness.tlsErrors.count == 1)
        #expect(!end.channel.isActive)
        // A healthy connection on the same thread is not hurt by what this one left behind.
        let pair = try connected(.tls13)
        #expect(pair.server.witness.completed.count == 1)
    }

    @Test("random bytes never trap, whole or in pieces", arguments: 0..<64)
    func noise(seed: UInt64) throws {
        var generator = SeededRandom(seed: seed)
        let end = try server()
        var bytes = (0..<2000).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        // Half of them look like a handshake record at first sight.
        if seed % 2 == 0 { bytes.replaceSubrange(0..<6, with: [0x16, 3, 1, 0x06, 0, 1]) }
        for start in stride(from: 0, to: bytes.count, by: 100) {
            send(Array(bytes[start..<(start + 100)]), to: end)
        }
        #expect(end.witness.completed.isEmpty)
        #expect(end.witness.received.readableBytes == 0)
    }

    @Test("a ClientHello with one byte changed never traps", arguments: [UInt8(0xff), 0x80, 0x01])
    func changedClientHello(mask: UInt8) throws {
        let client = try End(TLSHandler(client: service.client(), hostname: "localhost"))
        try client.connect()
        let hello = Array(try client.takeRecords().readableBytesView)
        let context = try service.server()
        for index in hello.indices {
            let end = try End(TLSHandler(server: context))
            try end.connect()
            var changed = hello
            changed[index] ^= mask
            send(changed, to: end)
            #expect(end.witness.completed.isEmpty)
        }
    }

    @Test(
        "a record with one byte changed is refused and nothing of it is delivered",
        arguments: [TLSVersion.tls12, .tls13])
    func forgedRecord(version: TLSVersion) throws {
        for position in [5, 20, 60] {
            let pair = try connected(version)
            pair.client.write(ByteBuffer(repeating: 0x61, count: 100))
            var bytes = Array(try pair.client.takeRecords().readableBytesView)
            bytes[position] ^= 1
            send(bytes, to: pair.server)
            guard case .brokenRecord(let reasons) = pair.server.witness.tlsErrors.first else {
                Issue.record("\(pair.server.witness.errors)")
                return
            }
            #expect(!reasons.isEmpty)
            #expect(pair.server.witness.received.readableBytes == 0)
            #expect(!pair.server.channel.isActive)
        }
    }

    @Test("case 9: renegotiation is refused and the connection lives on")
    func renegotiation() throws {
        let pair = try connected(.tls12)
        let client = pair.client.handler.connection
        SSL_renegotiate(client.pointer)
        SSL_do_handshake(client.pointer)
        let request = try #require(client.takeRecords())
        pair.server.channel.pipeline.fireChannelRead(request)
        // A warning alert goes back, encrypted: nothing like a ServerHello.
        #expect(try pair.server.takeRecords().readableBytes < 64)
        #expect(pair.server.channel.isActive)
        #expect(pair.server.witness.completed.count == 1)
        pair.server.write(ByteBuffer(string: "alive"))
        #expect(try pair.server.takeRecords().readableBytes > 5)
    }

    @Test(
        "case 9: SSL 3, TLS 1.0 and 1.1 are refused",
        arguments: [(UInt8(0), "version too low"), (1, "unsupported protocol"), (2, "unsupported protocol")])
    func oldVersions(minor: UInt8, reason: String) throws {
        let suites: [UInt8] = [0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f]
        let body: [UInt8] =
            [3, minor] + [UInt8](repeating: 7, count: 32) + [0, 0, UInt8(suites.count)] + suites + [1, 0]
        let handshake: [UInt8] = [1, 0, 0, UInt8(body.count)] + body
        let end = try server()
        send([22, 3, 1, 0, UInt8(handshake.count)] + handshake, to: end)
        #expect(end.witness.tlsErrors == [.handshakeFailed([reason])])
        let alert = Array(try end.takeRecords().readableBytesView)
        #expect(alert.first == 21)
        // protocol_version tells the client why; for SSL 3 OpenSSL has no alert of that name.
        if minor > 0 { #expect(alert.suffix(2) == [2, 70]) }
        #expect(!end.channel.isActive)
    }

    @Test("case 9: early data and compression are not on offer")
    func noEarlyData() throws {
        let context = try service.server()
        #expect(SSL_CTX_get_max_early_data(context.pointer) == 0)
        #expect(SSL_CTX_get_options(context.pointer) & martlet_server_options == martlet_server_options)
        #expect(SSL_CTX_get_security_level(context.pointer) == 2)
    }

    @Test("case 10: strange and many server names get the default certificate and leave nothing behind")
    func serverNames() throws {
        let context = try service.server()
        let anyone = try TLSContext.client(TLSClientSettings(trust: .anyone))
        for index in 0..<300 {
            let server = try End(TLSHandler(server: context))
            let client = try End(TLSHandler(client: anyone, hostname: "name-\(index).example"))
            try server.connect()
            try client.connect()
            while try Pair.carry(from: client, to: server) || Pair.carry(from: server, to: client) {}
            #expect(server.witness.completed.count == 1)
        }
        #expect(SSL_CTX_ctrl(context.pointer, SSL_CTRL_SESS_NUMBER, 0, nil) == 0)
        for name in ["trailing\\", String(repeating: "x", count: 255), "..", "a b", "\u{1}"] {
            let server = try End(TLSHandler(server: context))
            let handler = try TLSHandler(client: anyone, hostname: nil)
            _ = martlet_SSL_set_tlsext_host_name(handler.connection.pointer, name)
            let client = try End(handler)
            try server.connect()
            try client.connect()
            while try Pair.carry(from: client, to: server) || Pair.carry(from: server, to: client) {}
            #expect(server.witness.completed.count == 1 || !server.witness.tlsErrors.isEmpty)
        }
    }

    @Test("case 12: a ClientHello one byte at a time is only waited for")
    func slowClientHello() throws {
        let client = try End(TLSHandler(client: service.client(), hostname: "localhost"))
        try client.connect()
        let hello = Array(try client.takeRecords().readableBytesView)
        let end = try server()
        for byte in hello.dropLast() { send([byte], to: end) }
        #expect(end.witness.errors.isEmpty)
        #expect(try end.takeRecords().readableBytes == 0)
        // The deadline is the session's; closing then takes no time.
        end.channel.close(promise: nil)
        #expect(!end.channel.isActive)
    }

    @Test("answers that the peer does not read do not pile up")
    func keyUpdateFlood() throws {
        let pair = try connected(.tls13)
        pair.server.channel.isWritable = false
        let client = pair.client.handler.connection
        var sent = 0
        while pair.server.channel.isActive, sent < 10_000 {
            SSL_key_update(client.pointer, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(client.pointer)
            sent += 1
            if let records = client.takeRecords() { pair.server.channel.pipeline.fireChannelRead(records) }
        }
        #expect(pair.server.witness.tlsErrors == [.unreadAnswers])
        #expect(try pair.server.takeRecords().readableBytes < 2 * TLSHandler.mostUnreadAnswers)
        // A peer that reads may do this as long as it likes.
        let reader = try connected(.tls13)
        for _ in 0..<2000 {
            SSL_key_update(reader.client.handler.connection.pointer, SSL_KEY_UPDATE_REQUESTED)
            SSL_do_handshake(reader.client.handler.connection.pointer)
            if let records = reader.client.handler.connection.takeRecords() {
                reader.server.channel.pipeline.fireChannelRead(records)
            }
            try reader.carry()
        }
        #expect(reader.server.witness.errors.isEmpty)
    }
}
