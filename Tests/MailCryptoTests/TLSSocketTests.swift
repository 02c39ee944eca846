// TLS on real sockets: large transfers both ways, openssl's client, reloads under load, memory.

import Foundation
import MailCrypto
import NIOCore
import NIOPosix
import TestSupport
import Testing

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

@Suite(.timeLimit(.minutes(5)), .serialized) struct TLSSocketTests {
    @Test(arguments: [TLSVersion.tls12, .tls13]) func sixtyFourMebibytesBothWays(version: TLSVersion) async throws {
        let service = try TestService()
        let context = try service.server()
        let echo = try await EchoService.start { context }
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
        let (sent, received) = try await done.futureResult.get("all that was sent")
        #expect(sent == received)
        #expect(echo.connections.current.errors == [])
        try await group.shutdownGracefully()
        try await echo.stop()
    }

    @Test(.enabled(if: hasOpenSSL), arguments: [("-tls1_2", "TLSv1.2"), ("-tls1_3", "TLSv1.3")])
    func opensslConnectsAndVerifies(flag: String, version: String) async throws {
        try await EchoService.with { service, echo in
            let output = try await echo.sClient(
                [
                    flag, "-CAfile", service.files.certificateChain, "-verify_return_error", "-verify_hostname",
                    "localhost", "-ign_eof", "-brief",
                ], input: "hello\nbye\n")
            #expect(output.contains("Protocol version: \(version)"), "\(output)")
            #expect(output.contains("Verification: OK"), "\(output)")
        }
    }

    @Test(
        "case 9: openssl's client cannot speak TLS 1.0 or 1.1", .enabled(if: hasOpenSSL),
        arguments: ["-tls1", "-tls1_1"])
    func oldVersions(flag: String) async throws {
        try await EchoService.with { _, echo in
            let output = try await echo.sClient([flag, "-cipher", "ALL:@SECLEVEL=0"])
            #expect(output.contains("alert protocol version"), "\(output)")
            #expect(echo.connections.current.handshakes == 0)
        }
    }

    @Test("case 9: openssl's client is refused a renegotiation", .enabled(if: hasOpenSSL))
    func renegotiation() async throws {
        try await EchoService.with { _, echo in
            let output = try await echo.sClient(["-tls1_2"], input: "R\n")
            #expect(output.contains("RENEGOTIATING"), "\(output)")
            #expect(echo.connections.current.handshakes == 1)
        }
    }

    @Test(.enabled(if: hasOpenSSL), arguments: ["-tls1_2", "-tls1_3"]) func opensslResumes(flag: String) async throws {
        try await EchoService.with { service, echo in
            let file = "\(service.folder.path)/session.pem"
            let first = try await echo.sClient([flag, "-sess_out", file, "-ign_eof"], input: "bye\n")
            #expect(first.contains("New, TLSv1"), "\(first)")
            let second = try await echo.sClient([flag, "-sess_in", file, "-ign_eof"], input: "bye\n")
            #expect(second.contains("Reused, TLSv1"), "\(second)")
        }
    }

    @Test(.enabled(if: hasOpenSSL)) func alpnWithOpenSSL() async throws {
        try await EchoService.with(TLSServerSettings(service: "imap", applicationProtocols: ["imap"])) { _, echo in
            let right = try await echo.sClient(["-alpn", "imap"], input: "Q\n")
            #expect(right.contains("ALPN protocol: imap"), "\(right)")
            let wrong = try await echo.sClient(["-alpn", "h2"], input: "Q\n")
            #expect(wrong.contains("no application protocol"), "\(wrong)")
        }
    }

    @Test("Python believes the certificate when it is given it")
    func pythonConnects() async throws {
        try await EchoService.with { service, echo in
            let cert = service.files.certificateChain
            let program = """
                import socket, ssl, sys
                context = ssl.create_default_context(cafile=sys.argv[1])
                with socket.create_connection(("127.0.0.1", int(sys.argv[2])), timeout=20) as raw:
                    with context.wrap_socket(raw, server_hostname="localhost") as tls:
                        assert tls.recv(100) == b"* OK ready\\r\\n"
                        for _ in range(8):
                            tls.sendall(b"x" * 25000)
                            got = 0
                            while got < 25000:
                                piece = tls.recv(65536)
                                assert piece, "the server closed"
                                got += len(piece)
                        tls.unwrap()
                print("fine", tls.version())
                """
            let python = try await runChild("/usr/bin/env", ["python3", "-c", program, cert, "\(echo.port)"])
            #expect(python.output.hasPrefix("fine"), "\(python.output)")
            #expect(echo.connections.current.errors == [])
        }
    }

    @Test("a closed connection leaves nothing behind, however it ended")
    func nothingIsLeftBehind() async throws {
        let service = try TestService()
        let context = try service.server()
        let handlers = HandlerWatch()
        let echo = try await EchoService.start(watch: handlers) { context }
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
        try await group.shutdownGracefully()
        try await echo.stop()
    }

    @Test("case 13: a reload drops none of 200 sessions; broken files keep the old certificate")
    func reload() async throws {
        let service = try TestService()
        let other = try TestService()
        let reloadable = try ReloadableTLSContext(
            files: service.files, settings: TLSServerSettings(service: "echo"))
        let echo = try await EchoService.start { reloadable.current }
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
        #expect(echo.connections.current.handshakes == 202)
        try await group.shutdownGracefully()
        try await echo.stop()
    }
}
