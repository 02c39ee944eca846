// How connections end: cleanly, half, cut off, and with writes still waiting.

import MailCrypto
import NIOCore
import NIOEmbedded
import Testing

@Suite struct TLSClosingTests {
    static let service = Result { try TestService() }

    private func connected(
        _ version: TLSVersion = .tls13, half: Bool = false
    ) throws -> Pair {
        let service = try Self.service.get()
        let pair = try Pair(
            client: service.client(minimum: version, maximum: version), server: service.server(), half: half)
        try pair.connect()
        try pair.carry()
        #expect(pair.server.witness.completed.count == 1)
        return pair
    }

    @Test(arguments: [TLSVersion.tls12, .tls13]) func closeNotifyGoesBothWays(version: TLSVersion) throws {
        let pair = try connected(version)
        pair.server.write(ByteBuffer(string: "* BYE\r\n"))
        var closed = false
        let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { closed = true }
        pair.server.channel.close(promise: promise)
        // It waits for the client's close_notify.
        #expect(!closed)
        #expect(pair.server.channel.isActive)
        try pair.carry()
        #expect(String(buffer: pair.client.witness.received) == "* BYE\r\n")
        #expect(closed)
        #expect(!pair.server.channel.isActive)
        #expect(!pair.client.channel.isActive)
        #expect(pair.server.witness.errors.isEmpty)
        #expect(pair.client.witness.errors.isEmpty)
    }

    @Test func aCloseDoesNotWaitForEver() throws {
        let pair = try connected()
        pair.server.channel.close(promise: nil)
        pair.server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(999))
        #expect(pair.server.channel.isActive)
        pair.server.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!pair.server.channel.isActive)
        #expect(pair.server.witness.errors.isEmpty)
    }

    @Test func whatComesWhileClosingIsThrownAway() throws {
        let pair = try connected()
        pair.server.channel.close(promise: nil)
        pair.client.write(ByteBuffer(repeating: 1, count: 100_000))
        #expect(try Pair.carry(from: pair.client, to: pair.server))
        #expect(pair.server.witness.received.readableBytes == 0)
        #expect(pair.server.channel.isActive)
        try pair.carry()
        #expect(!pair.server.channel.isActive)
    }

    @Test func unflushedWritesFailAtAClose() throws {
        let pair = try connected()
        var error: (any Error)?
        let promise = pair.server.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { error = $0 }
        pair.server.channel.write(ByteBuffer(string: "lost"), promise: promise)
        pair.server.channel.close(promise: nil)
        #expect(error as? ChannelError == .ioOnClosedChannel)
        pair.server.channel.writeAndFlush(ByteBuffer(string: "late"), promise: nil)
        try pair.carry()
        #expect(pair.client.witness.received.readableBytes == 0)
    }

    @Test func halfClosure() throws {
        let pair = try connected(half: true)
        let end = OutputEnd()
        try pair.client.channel.pipeline.syncOperations.addHandler(end, position: .first)
        pair.client.write(ByteBuffer(string: "a LOGOUT\r\n"))
        pair.client.channel.close(mode: .output, promise: nil)
        try pair.carry()
        #expect(end.ended)
        #expect(String(buffer: pair.server.witness.received) == "a LOGOUT\r\n")
        #expect(pair.server.witness.inputClosed == 1)
        #expect(pair.server.channel.isActive)
        // The other half is still open.
        pair.server.write(ByteBuffer(string: "* BYE\r\na OK\r\n"))
        try pair.carry()
        #expect(String(buffer: pair.client.witness.received) == "* BYE\r\na OK\r\n")
        pair.server.channel.close(promise: nil)
        try pair.carry()
        #expect(!pair.server.channel.isActive)
        #expect(pair.server.witness.errors.isEmpty)
        #expect(pair.client.witness.errors.isEmpty)
    }

    @Test func aCutOffConnectionIsTruncated() throws {
        let pair = try connected()
        pair.server.channel.pipeline.fireChannelInactive()
        #expect(pair.server.witness.tlsErrors == [.truncated])
        #expect(pair.server.witness.inactive)
        let half = try connected(half: true)
        half.server.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(half.server.witness.tlsErrors == [.truncated])
        #expect(half.server.witness.inputClosed == 1)
    }

    @Test func cutOffInTheHandshake() throws {
        let service = try Self.service.get()
        let server = try End(TLSHandler(server: service.server()))
        try server.connect()
        var failed = false
        let promise = server.channel.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { _ in failed = true }
        server.channel.writeAndFlush(ByteBuffer(string: "* OK\r\n"), promise: promise)
        server.channel.pipeline.fireChannelInactive()
        #expect(server.witness.tlsErrors == [.closedDuringHandshake])
        #expect(failed)
    }

    @Test func closingBeforeTheHandshakeIsPlain() throws {
        let service = try Self.service.get()
        let server = try End(TLSHandler(server: service.server()))
        try server.connect()
        try server.channel.close().wait()
        #expect(try server.takeRecords().readableBytes == 0)
    }

    @Test func tooMuchBeforeTheHandshake() throws {
        let service = try Self.service.get()
        let server = try End(TLSHandler(server: service.server()))
        try server.connect()
        for _ in 0..<17 { server.write(ByteBuffer(repeating: 1, count: 65536)) }
        #expect(server.witness.tlsErrors == [.tooMuchBeforeHandshake])
        #expect(!server.channel.isActive)
    }

    @Test("STARTTLS: the handler joins a channel in use")
    func startTLS() throws {
        let service = try Self.service.get()
        let server = EmbeddedChannel()
        let witness = Witness()
        try server.pipeline.syncOperations.addHandler(witness)
        try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        server.pipeline.fireChannelRead(ByteBuffer(string: "a STARTTLS\r\n"))
        server.writeAndFlush(ByteBuffer(string: "a OK begin\r\n"), promise: nil)
        try server.pipeline.syncOperations.addHandler(TLSHandler(server: service.server()), position: .first)
        #expect(try server.readOutbound(as: ByteBuffer.self) == ByteBuffer(string: "a OK begin\r\n"))
        let client = try End(TLSHandler(client: service.client(), hostname: "localhost"))
        try client.connect()
        for _ in 0..<5 {
            server.pipeline.fireChannelRead(try client.takeRecords())
            while let records = try server.readOutbound(as: ByteBuffer.self) {
                client.channel.pipeline.fireChannelRead(records)
            }
        }
        #expect(witness.completed.count == 1)
        client.write(ByteBuffer(string: "b CAPABILITY\r\n"))
        server.pipeline.fireChannelRead(try client.takeRecords())
        #expect(String(buffer: witness.received) == "a STARTTLS\r\nb CAPABILITY\r\n")
    }
}

/// Stands for TCP's half closure, which an embedded channel does not have.
final class OutputEnd: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var ended = false
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        ended = true
        promise?.succeed()
    }
}
