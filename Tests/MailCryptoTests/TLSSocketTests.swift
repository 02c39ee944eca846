// TLS on real sockets: large transfers both ways, openssl's client, reloads under load, memory.

import Foundation
import MailCrypto
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// An echo service over TLS on a port of the loopback.
final class EchoService: Sendable {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let channel: any Channel
    let connections = Mutex((now: 0, handshakes: 0, errors: [String]()))

    init(
        _ context: @escaping @Sendable () -> TLSContext, greeting: String? = nil, watch: HandlerWatch? = nil
    ) throws {
        let box = EchoHandler.Owner()
        channel = try ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 512)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try TLSHandler(server: context())
                    watch?.watch(handler)
                    try channel.pipeline.syncOperations.addHandler(handler)
                    try channel.pipeline.syncOperations.addHandler(EchoHandler(box, greeting: greeting))
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        box.service = self
    }

    var port: Int { channel.localAddress?.port ?? 0 }

    func stop() throws {
        try channel.close().wait()
        try group.syncShutdownGracefully()
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

    final class Owner: @unchecked Sendable {
        weak var service: EchoService?
    }

    private let owner: Owner
    private let greeting: String?

    init(_ owner: Owner, greeting: String?) {
        self.owner = owner
        self.greeting = greeting
    }

    func channelActive(context: ChannelHandlerContext) {
        owner.service?.connections.withLock { $0.now += 1 }
        if let greeting { context.writeAndFlush(NIOAny(ByteBuffer(string: greeting)), promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        owner.service?.connections.withLock { $0.now -= 1 }
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
        if event is TLSHandshakeCompleted { owner.service?.connections.withLock { $0.handshakes += 1 } }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        owner.service?.connections.withLock { $0.errors.append("\(error)") }
    }
}

/// Sends `total` bytes of a pattern as fast as the channel takes them, digests what comes back.
final class TransferHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let total: Int
    private let done: EventLoopPromise<(sent: [UInt8], received: [UInt8])>
    private var sentBytes = 0
    private var receivedBytes = 0
    private let sent: SHA256
    private let received: SHA256
    private let pattern = ByteBuffer(bytes: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 / 257) })

    init(total: Int, done: EventLoopPromise<(sent: [UInt8], received: [UInt8])>) throws {
        self.total = total
        self.done = done
        sent = try SHA256()
        received = try SHA256()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is TLSHandshakeCompleted { send(context) }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { send(context) }

    private func send(_ context: ChannelHandlerContext) {
        while sentBytes < total, context.channel.isWritable {
            let count = min(100_000, total - sentBytes)
            var chunk = pattern
            chunk.moveWriterIndex(to: count)
            chunk.setInteger(sentBytes, at: 0)
            sentBytes += count
            do { try sent.update(chunk) } catch { return done.fail(error) }
            context.writeAndFlush(NIOAny(chunk), promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        receivedBytes += buffer.readableBytes
        do {
            try received.update(buffer)
            if receivedBytes == total {
                done.succeed((try sent.finalize(), try received.finalize()))
                context.close(promise: nil)
            }
        } catch { done.fail(error) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { done.fail(error) }

    func channelInactive(context: ChannelHandlerContext) { done.fail(ChannelError.eof) }
}

@Suite(.timeLimit(.minutes(2)), .serialized) struct TLSSocketTests {
    static let openssl = "/usr/bin/openssl"

    private func echo(_ settings: TLSServerSettings = TLSServerSettings(service: "echo")) throws -> (
        TestService, EchoService
    ) {
        let service = try TestService()
        let context = try service.server(settings)
        return (service, try EchoService({ context }, greeting: "* OK ready\r\n"))
    }

    private func sClient(_ echo: EchoService, _ arguments: [String], input: String = "") throws -> String {
        try run(
            Self.openssl, ["s_client", "-connect", "127.0.0.1:\(echo.port)", "-servername", "localhost"] + arguments,
            input: input
        ).output
    }

    @Test(arguments: [TLSVersion.tls12, .tls13]) func sixtyFourMebibytesBothWays(version: TLSVersion) async throws {
        let service = try TestService()
        let context = try service.server()
        let echo = try EchoService { context }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let done = group.next().makePromise(of: (sent: [UInt8], received: [UInt8]).self)
        let clientContext = try service.client(minimum: version, maximum: version)
        _ = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(TLSHandler(client: clientContext, hostname: "127.0.0.1"))
                    try pipeline.addHandler(TransferHandler(total: 64 << 20, done: done))
                }
            }
            .connect(host: "127.0.0.1", port: echo.port).get()
        let (sent, received) = try await done.futureResult.get()
        #expect(sent == received)
        #expect(echo.connections.withLock { $0.errors } == [])
        try await echo.channel.close()
        try await group.shutdownGracefully()
        try await echo.group.shutdownGracefully()
    }

    @Test(.enabled(if: hasOpenSSL), arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    func opensslConnectsAndVerifies(flag: String, version: String) throws {
        let (service, echo) = try echo()
        defer { try? echo.stop() }
        let output = try sClient(
            echo,
            [
                flag, "-CAfile", service.files.certificateChain, "-verify_return_error", "-verify_hostname",
                "localhost", "-ign_eof", "-brief",
            ], input: "hello\nbye\n")
        #expect(output.contains("Protocol version: \(version)"), "\(output)")
        #expect(output.contains("Verification: OK"), "\(output)")
    }

    @Test(
        "case 9: openssl's client cannot speak TLS 1.0 or 1.1", .enabled(if: hasOpenSSL),
        arguments: ["-tls1", "-tls1_1"])
    func oldVersions(flag: String) throws {
        let (_, echo) = try echo()
        defer { try? echo.stop() }
        let output = try sClient(echo, [flag, "-cipher", "ALL:@SECLEVEL=0"])
        #expect(output.contains("alert protocol version"), "\(output)")
        #expect(echo.connections.withLock { $0.handshakes } == 0)
    }

    @Test("case 9: openssl's client is refused a renegotiation", .enabled(if: hasOpenSSL))
    func renegotiation() throws {
        let (_, echo) = try echo()
        defer { try? echo.stop() }
        let output = try sClient(echo, ["-tls1_2"], input: "R\n")
        #expect(output.contains("RENEGOTIATING"), "\(output)")
        #expect(echo.connections.withLock { $0.handshakes } == 1)
    }

    @Test(.enabled(if: hasOpenSSL), arguments: ["-tls1_2", "-tls1_3"]) func opensslResumes(flag: String) throws {
        let (service, echo) = try echo()
        defer { try? echo.stop() }
        let file = "\(service.folder.path)/session.pem"
        let first = try sClient(echo, [flag, "-sess_out", file, "-ign_eof"], input: "bye\n")
        #expect(first.contains("New, TLSv1"), "\(first)")
        let second = try sClient(echo, [flag, "-sess_in", file, "-ign_eof"], input: "bye\n")
        #expect(second.contains("Reused, TLSv1"), "\(second)")
    }

    @Test(.enabled(if: hasOpenSSL)) func alpnWithOpenSSL() throws {
        let (_, echo) = try echo(TLSServerSettings(service: "imap", applicationProtocols: ["imap"]))
        defer { try? echo.stop() }
        #expect(try sClient(echo, ["-alpn", "imap"], input: "Q\n").contains("ALPN protocol: imap"))
        #expect(try sClient(echo, ["-alpn", "h2"], input: "Q\n").contains("no application protocol"))
    }

    @Test("Python believes the certificate when it is given it")
    func pythonConnects() throws {
        let (service, echo) = try echo()
        defer { try? echo.stop() }
        let cert = service.files.certificateChain
        let program = """
            import socket, ssl, sys
            context = ssl.create_default_context(cafile=sys.argv[1])
            with socket.create_connection(("127.0.0.1", int(sys.argv[2]))) as raw:
                with context.wrap_socket(raw, server_hostname="localhost") as tls:
                    assert tls.recv(100) == b"* OK ready\\r\\n"
                    tls.sendall(b"x" * 200000)
                    got = 0
                    while got < 200000: got += len(tls.recv(65536))
                    tls.unwrap()
            print("fine", tls.version())
            """
        let python = try run("/usr/bin/env", ["python3", "-c", program, cert, "\(echo.port)"])
        #expect(python.output.hasPrefix("fine"), "\(python.output)")
        #expect(echo.connections.withLock { $0.errors } == [])
    }

    @Test("a closed connection leaves nothing behind, however it ended")
    func nothingIsLeftBehind() async throws {
        let service = try TestService()
        let context = try service.server()
        let handlers = HandlerWatch()
        let echo = try EchoService({ context }, watch: handlers)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        for round in 0..<30 {
            let client = try await TestClient.connect(echo.port, service.client(), group)
            _ = try await client.echo("hello")
            if round % 3 == 0 { #expect(try await client.echo("bye\n") == "bye\n") }
            // Without TLS's consent, every second time: a truncation for the server.
            if round % 2 == 0 { try await client.close() } else { try await client.cutOff() }
        }
        try await waitUntil("the end of every handler") { handlers.living == 0 }
        #expect(handlers.seen == 30)
        try await echo.channel.close()
        try await group.shutdownGracefully()
        try await echo.group.shutdownGracefully()
    }

    @Test("case 13: a reload drops none of 200 sessions; broken files keep the old certificate")
    func reload() async throws {
        let service = try TestService()
        let other = try TestService()
        let reloadable = try ReloadableTLSContext(
            files: service.files, settings: TLSServerSettings(service: "echo"))
        let echo = try EchoService { reloadable.current }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let sessions = try await withThrowingTaskGroup(of: TestClient.self) { tasks in
            for _ in 0..<200 {
                let context = try service.client()
                tasks.addTask { try await TestClient.connect(echo.port, context, group) }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        for (from, to) in [
            (other.files.certificateChain, "cert.pem"), (other.files.privateKey, "key.pem"),
        ] {
            try service.folder.write(to, String(contentsOfFile: from, encoding: .utf8))
        }
        try reloadable.reload()
        // New connections get the new certificate, the old ones go on.
        _ = try await TestClient.connect(echo.port, other.client(), group).close()
        await #expect(throws: (any Error).self) { try await TestClient.connect(echo.port, service.client(), group) }
        try service.folder.write("cert.pem", "broken")
        let error = #expect(throws: CertificateError.self) { try reloadable.reload() }
        #expect(error?.description.contains("cert.pem") == true)
        _ = try await TestClient.connect(echo.port, other.client(), group).close()
        for session in sessions { #expect(try await session.echo("still here") == "still here") }
        for session in sessions { try await session.close() }
        #expect(echo.connections.withLock { $0.handshakes } == 202)
        try await echo.channel.close()
        try await group.shutdownGracefully()
        try await echo.group.shutdownGracefully()
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
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(TLSHandler(client: context, hostname: "localhost"))
                    try pipeline.addHandler(ReplyHandler(replies, ready: ready))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
        try await ready.futureResult.get()
        return TestClient(channel: channel, replies: replies)
    }

    func echo(_ text: String) async throws -> String {
        let promise = channel.eventLoop.makePromise(of: String.self)
        replies.expect(text.utf8.count, promise)
        try await channel.writeAndFlush(ByteBuffer(string: text))
        return try await promise.futureResult.get()
    }

    func close() async throws {
        do { try await channel.close() } catch ChannelError.alreadyClosed {}
    }

    /// Closes TCP behind TLS's back.
    func cutOff() async throws {
        let channel = channel
        try await channel.eventLoop.submit {
            try? channel.pipeline.syncOperations.context(handlerType: TLSHandler.self).close(promise: nil)
        }.get()
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
