// The handler that awaits a PROXY header: what the handlers behind it hear, and when.

import NIOCore
import NIOEmbedded
import Testing

@testable import Sockets

@Suite struct ProxyHandlerTests {
    /// Notes what a session behind the handler would hear.
    private final class Listener: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var heard: [String] = []

        func channelActive(context: ChannelHandlerContext) { heard.append("active") }
        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            heard.append(String(buffer: unwrapInboundIn(data)))
        }
        func channelInactive(context: ChannelHandlerContext) { heard.append("inactive") }
    }

    private final class Outcome {
        var header: ProxyHeader?
        var refusal: String?
    }

    private struct Scene {
        let channel: EmbeddedChannel
        let listener = Listener()
        let outcome = Outcome()

        init() throws {
            channel = EmbeddedChannel()
            let outcome = outcome
            let listener = listener
            let handler = ProxyHandler(
                patience: .seconds(5),
                accepted: { header in
                    #expect(listener.heard.isEmpty, "the session began before its address was known")
                    outcome.header = header
                },
                refused: { outcome.refusal = $0 })
            try channel.pipeline.syncOperations.addHandlers([handler, listener])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        func send(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }
    }

    private static let header = Header.bytes(rest: Header.v4Addresses + Header.tlvs)

    @Test func holdsTheConnectionBackUntilTheHeaderIsWhole() throws {
        let scene = try Scene()
        for byte in Self.header.dropLast() {
            try scene.send([byte])
            #expect(scene.listener.heard.isEmpty)
        }
        try scene.send([5] + Array("a NOOP\r\n".utf8))
        #expect(scene.listener.heard == ["active", "a NOOP\r\n"])
        guard case .proxied(let source, _)? = scene.outcome.header else {
            Issue.record("no header")
            return
        }
        #expect(source.ipAddress == "192.0.2.7")
        // The handler is gone: a second header is the session's business.
        try scene.send(Self.header)
        #expect(scene.listener.heard.count == 3)
        scene.channel.embeddedEventLoop.advanceTime(by: .seconds(60))
        #expect(scene.channel.isActive)
        _ = try scene.channel.finish()
        #expect(scene.listener.heard.last == "inactive")
    }

    @Test("case 154: a connection without a lawful header is closed, and no session hears of it")
    func closes() throws {
        let scene = try Scene()
        try scene.send(Array("a LOGIN x y\r\n".utf8))
        #expect(!scene.channel.isActive)
        #expect(scene.listener.heard.isEmpty)
        #expect(scene.outcome.header == nil)
        #expect(scene.outcome.refusal != nil)
        #expect(try scene.channel.readOutbound(as: ByteBuffer.self) == nil)
    }

    @Test("case 154: a header that does not end in time, byte by byte, closes the connection")
    func slow() throws {
        let scene = try Scene()
        for byte in Self.header.prefix(6) {
            try scene.send([byte])
            scene.channel.embeddedEventLoop.advanceTime(by: .milliseconds(900))
        }
        #expect(!scene.channel.isActive)
        #expect(scene.outcome.refusal?.contains("in time") == true)
        #expect(scene.listener.heard.isEmpty)
    }

    @Test func aProxyThatGoesIsNoSession() throws {
        let scene = try Scene()
        try scene.send(Array(Self.header.prefix(20)))
        scene.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        scene.channel.embeddedEventLoop.run()
        #expect(!scene.channel.isActive)
        #expect(scene.listener.heard.isEmpty)
    }
}
