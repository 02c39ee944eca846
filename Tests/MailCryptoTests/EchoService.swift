// A TLS echo service on the loopback, and a client of it, for the tests that need real sockets. No wait is without end.

import MailCrypto
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// An echo service over TLS on a port of the loopback.
final class EchoService: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let channel: any Channel
    let connections: Connections

    /// What the connections of a service came to.
    final class Connections: Sendable {
        struct Facts: Sendable {
            var handshakes = 0
            var errors: [String] = []
            /// Of each connection, at the end of its handshake.
            var fingerprints: [[UInt8]?] = []
            var channelBindings: [[UInt8]?] = []
        }

        private let facts = Mutex(Facts())
        var current: Facts { facts.withLock { $0 } }
        func note(_ change: (inout Facts) -> Void) { facts.withLock { change(&$0) } }
    }

    private init(group: MultiThreadedEventLoopGroup, channel: any Channel, connections: Connections) {
        self.group = group
        self.channel = channel
        self.connections = connections
    }

    static func start(
        greeting: String? = nil, watch: HandlerWatch? = nil, asksForCertificate: Bool = false,
        _ context: @escaping @Sendable () -> TLSContext
    ) async throws -> EchoService {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let connections = Connections()
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try TLSHandler(server: context(), asksForCertificate: asksForCertificate)
                    watch?.watch(handler)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(connections, greeting: greeting))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return EchoService(group: group, channel: channel, connections: connections)
    }

    /// Runs `body` beside a service with the certificate of a new `TestService`, and stops the service at its end.
    static func with<T: Sendable>(
        _ settings: TLSServerSettings = TLSServerSettings(service: "echo"), asksForCertificate: Bool = false,
        _ body: (TestService, EchoService) async throws -> T
    ) async throws -> T {
        let service = try TestService()
        let context = try service.server(settings)
        let echo = try await start(greeting: "* OK ready\r\n", asksForCertificate: asksForCertificate) { context }
        let result: Result<T, any Error>
        do { result = .success(try await body(service, echo)) } catch { result = .failure(error) }
        try await echo.stop()
        return try result.get()
    }

    /// What openssl's client says when it connects here.
    func sClient(_ arguments: [String], input: String = "") async throws -> String {
        let words = ["s_client", "-connect", "127.0.0.1:\(port)", "-servername", "localhost"] + arguments
        return try await runChild("/usr/bin/openssl", words, input: input).output
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    /// Closes the port and every connection.
    func stop() async throws {
        try await channel.close().get("the end of the listener")
        try await group.shutdownGracefully()
    }
}

/// Knows how many handlers still live, without holding them. The handlers are only looked at, never used.
final class HandlerWatch: Sendable {
    private struct Weak: @unchecked Sendable { weak var handler: TLSHandler? }
    private let handlers = Mutex([Weak]())
    var seen: Int { handlers.withLock { $0.count } }
    var living: Int { handlers.withLock { $0.count { $0.handler != nil } } }
    func watch(_ handler: TLSHandler) {
        let weak = Weak(handler: handler)
        handlers.withLock { $0.append(weak) }
    }
}

final class EchoHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let connections: EchoService.Connections
    private let greeting: String?

    init(_ connections: EchoService.Connections, greeting: String?) {
        self.connections = connections
        self.greeting = greeting
    }

    func channelActive(context: ChannelHandlerContext) {
        if let greeting { context.writeAndFlush(NIOAny(ByteBuffer(string: greeting)), promise: nil) }
    }

    /// Echoes; a client that says "bye" is sent away.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let isLast = unwrapInboundIn(data).readableBytesView.suffix(4).elementsEqual("bye\n".utf8)
        context.write(data, promise: nil)
        if isLast {
            context.flush()
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) { context.flush() }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        _ = context.channel.setOption(.autoRead, value: context.channel.isWritable)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is TLSHandshakeCompleted else { return }
        let handler = try? context.pipeline.syncOperations.handler(type: TLSHandler.self)
        connections.note { facts in
            facts.handshakes += 1
            facts.fingerprints.append(handler?.peerCertificateFingerprint)
            facts.channelBindings.append(handler?.channelBinding)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        connections.note { $0.errors.append("\(error)") }
    }
}

/// A client that sends a line and reads as much back.
struct TestClient: Sendable {
    let channel: any Channel
    private let replies: ReplyHandler.Replies

    static func connect(
        _ port: Int, _ context: TLSContext, _ group: any EventLoopGroup
    ) async throws -> TestClient {
        let replies = ReplyHandler.Replies()
        let ready = group.next().makePromise(of: Void.self)
        // Whatever happens, it ends: NIO takes a promise that is forgotten for a fault of the program.
        defer { ready.fail(ChannelError.eof) }
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(TLSHandler(client: context, hostname: "localhost"))
                    try pipeline.addHandler(ReplyHandler(replies, ready: ready))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await ready.futureResult.get("the handshake")
        return TestClient(channel: channel, replies: replies)
    }

    func echo(_ text: String) async throws -> String {
        let promise = channel.eventLoop.makePromise(of: String.self)
        replies.expect(text.utf8.count, promise)
        do {
            try await channel.writeAndFlush(ByteBuffer(string: text)).get("the sending of \(text.prefix(20))")
        } catch {
            promise.fail(error)
            throw error
        }
        return try await promise.futureResult.get("the echo of \(text.prefix(20))")
    }

    func close() async throws {
        do { try await channel.close().get("the client's close") } catch ChannelError.alreadyClosed {}
    }

    /// Closes TCP behind TLS's back.
    func cutOff() async throws {
        let channel = channel
        try await channel.eventLoop.submit {
            try? channel.pipeline.syncOperations.context(handlerType: TLSHandler.self).close(promise: nil)
        }.get("the cut")
    }
}

final class ReplyHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    final class Replies: Sendable {
        private let state = Mutex((bytes: ByteBuffer(), count: 0, promise: EventLoopPromise<String>?.none))

        func expect(_ count: Int, _ promise: EventLoopPromise<String>) {
            state.withLock { $0 = (ByteBuffer(), count, promise) }
        }

        func receive(_ buffer: ByteBuffer) {
            state.withLock { state in
                state.bytes.writeImmutableBuffer(buffer)
                if state.bytes.readableBytes >= state.count {
                    state.promise?.succeed(String(buffer: state.bytes))
                    state.promise = nil
                }
            }
        }

        func fail() { state.withLock { $0.promise?.fail(ChannelError.eof) } }
    }

    private let replies: Replies
    private let ready: EventLoopPromise<Void>

    init(_ replies: Replies, ready: EventLoopPromise<Void>) {
        self.replies = replies
        self.ready = ready
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { ready.succeed() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { replies.receive(unwrapInboundIn(data)) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { ready.fail(error) }

    func channelInactive(context: ChannelHandlerContext) {
        ready.fail(ChannelError.eof)
        replies.fail()
    }
}
