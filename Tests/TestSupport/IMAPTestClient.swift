// A strict IMAP client for tests: it says what it is told, byte for byte, and takes only lawful responses.

package import MailCrypto
package import NIOCore
import NIOPosix
import Synchronization

/// Used by one task. Every read ends after `patience` with an error.
package final class IMAPTestClient {
    package static let patience = TimeAmount.seconds(120)

    private let channel: any Channel
    private let wait: Wait
    private var incoming: AsyncStream<ByteBuffer>.AsyncIterator
    private var buffer: [UInt8] = []
    private var start = 0
    private var tagCount = 0
    package private(set) var greeting = IMAPResponse(tag: "*")
    /// What the server has said is enabled, in upper case; it decides which responses are lawful from then on.
    package private(set) var enabled: Set<String> = []
    /// The bytes of the responses that were read since it was set; nil: nobody wants them.
    package var heard: [UInt8]?

    /// Nothing more comes.
    package struct Closed: Error {}

    private init(channel: any Channel, wait: Wait, stream: AsyncStream<ByteBuffer>) {
        self.channel = channel
        self.wait = wait
        incoming = stream.makeAsyncIterator()
    }

    /// Connects and reads the greeting.
    /// - Parameters:
    ///   - tls: for a listener with implicit TLS.
    ///   - prelude: what a proxy says first, before TLS.
    package static func connect(
        host: String = "127.0.0.1", port: Int, tls: TLSContext? = nil, receiveBuffer: Int? = nil, prelude: [UInt8] = []
    ) async throws -> IMAPTestClient {
        let (stream, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
        let wait = Wait()
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls, prelude.isEmpty {
                        try channel.pipeline.syncOperations.addHandler(TLSHandler(client: tls, hostname: nil))
                    }
                    try channel.pipeline.syncOperations.addHandler(Receiver(continuation, wait))
                }
            }
        if let receiveBuffer {
            bootstrap = bootstrap.channelOption(
                .socketOption(.so_rcvbuf), value: SocketOptionValue(receiveBuffer))
        }
        let channel = try await bootstrap.connect(host: host, port: port).get()
        let client = IMAPTestClient(channel: channel, wait: wait, stream: stream)
        if !prelude.isEmpty {
            try await client.send(prelude)
            if let tls { try await client.startTLS(tls) }
        }
        client.greeting = try await client.response()
        return client
    }

    /// STARTTLS: call after its OK.
    package func startTLS(_ context: TLSContext) async throws {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.addHandler(
                TLSHandler(client: context, hostname: nil), position: .first)
        }.get()
    }

    /// Puts a layer between TLS and the client: call it when both sides have agreed on one.
    package func addHandler(_ make: @escaping @Sendable () throws -> any ChannelHandler) async throws {
        try await channel.eventLoop.submit { [channel] in
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(make(), position: .before(pipeline.handler(type: Receiver.self)))
        }.get()
    }

    /// Takes such a layer away again.
    package func removeHandler<Handler: RemovableChannelHandler & SendableMetatype>(_ type: Handler.Type) async throws {
        try await channel.eventLoop.flatSubmit { [channel] in
            let pipeline = channel.pipeline.syncOperations
            do {
                return pipeline.removeHandler(try pipeline.handler(type: type))
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
    }

    /// The tls-exporter channel binding as this end has it.
    package func channelBinding() async throws -> [UInt8]? {
        try await channel.eventLoop.submit { [channel] in
            try channel.pipeline.syncOperations.handler(type: TLSHandler.self).channelBinding
        }.get()
    }

    // MARK: Speaking

    package func send(_ text: String) async throws { try await send(Array(text.utf8)) }

    package func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get("the sending", patience: Self.patience)
    }

    /// Hands bytes to the channel without waiting for them to leave.
    package func sendWithoutWaiting(_ bytes: [UInt8]) { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }

    package func nextTag() -> String {
        tagCount += 1
        return "A\(tagCount)"
    }

    /// Sends one command and reads to its tagged response. Fails on a continuation request.
    @discardableResult
    package func command(_ text: String) async throws -> IMAPReply { try await command(Array(text.utf8)) }

    @discardableResult
    package func command(_ bytes: [UInt8]) async throws -> IMAPReply {
        let tag = nextTag()
        try await send(Array("\(tag) ".utf8) + bytes + [0x0d, 0x0a])
        return try await reply(to: tag)
    }

    /// Sends a command, which ends in a synchronizing literal, waits for `+`, then sends the literal. When the server
    /// refuses, its reply is given at once.
    @discardableResult
    package func command(_ text: String, literal: [UInt8]) async throws -> IMAPReply {
        let tag = nextTag()
        try await send("\(tag) \(text) {\(literal.count)}\r\n")
        let first = try await response()
        guard first.tag == "+" else {
            if first.tag == tag { return IMAPReply(tagged: first, untagged: []) }
            var reply = try await reply(to: tag)
            reply.untagged.insert(first, at: 0)
            return reply
        }
        try await send(literal + [0x0d, 0x0a])
        return try await reply(to: tag)
    }

    @discardableResult
    package func login(_ user: String = "alice@example.org", _ password: String = "secret") async throws -> IMAPReply {
        try await command("LOGIN \"\(user)\" \"\(password)\"")
    }

    /// APPENDs a message whose lines end in CRLF already.
    @discardableResult
    package func append(_ mailbox: String, _ message: String, arguments: String = "") async throws -> IMAPReply {
        let arguments = arguments.isEmpty ? "" : " " + arguments
        return try await command("APPEND \(mailbox)\(arguments)", literal: Array(message.utf8))
    }

    // MARK: Listening

    /// Everything up to the response with this tag.
    package func reply(to tag: String) async throws -> IMAPReply {
        var untagged: [IMAPResponse] = []
        while true {
            let next = try await response()
            if next.tag == tag { return IMAPReply(tagged: next, untagged: untagged) }
            guard next.tag == "*" else {
                throw IMAPProtocolError("expected the end of \(tag), got \"\(next.tag) \(next.text)\"")
            }
            untagged.append(next)
        }
    }

    /// The next response of any kind.
    package func response() async throws -> IMAPResponse {
        while true {
            if start < buffer.count,
                let (response, size) = try IMAPReplyParser.parse(buffer[start...], enabled: enabled)
            {
                heard?.append(contentsOf: buffer[start..<start + size])
                start += size
                if response.name == "ENABLED" {
                    enabled.formUnion(response.values.dropFirst().compactMap { $0.text?.uppercased() })
                }
                if start == buffer.count || start > 1 << 20 {
                    buffer.removeFirst(start)
                    start = 0
                }
                return response
            }
            guard try await more() else { throw Closed() }
        }
    }

    /// Reads until the server closes; throws when it says more than `responses`, or takes too long.
    package func untilClosed() async throws -> [IMAPResponse] {
        var responses: [IMAPResponse] = []
        while true {
            do { responses.append(try await response()) } catch is Closed { return responses }
        }
    }

    private func more() async throws -> Bool {
        wait.begin(channel)
        let piece = await incoming.next()
        wait.end()
        guard let piece else {
            if wait.wasInVain {
                throw IMAPProtocolError("nothing came for too long; \(buffer.count - start) bytes are unread")
            }
            return false
        }
        buffer += piece.readableBytesView
        return true
    }

    package func close() async { try? await channel.close().get() }

    /// Stops reading from the socket, as a client that hangs.
    package func stopReading() async throws { try await channel.setOption(.autoRead, value: false).get() }

    /// Takes what comes next and no more, though reading is stopped.
    package func readOnce() async throws {
        channel.read()
        guard try await more() else { throw Closed() }
    }

    package func resumeReading() async throws {
        try await channel.setOption(.autoRead, value: true).get()
        channel.read()
    }
}

/// The client's wait for bytes. It ends when they come, not when the task that wants them gets its turn: on a machine
/// with much to do that can be a long time later.
private final class Wait: Sendable {
    private let timer = Mutex<Scheduled<Void>?>(nil)
    private let ranOut = Mutex(false)

    var wasInVain: Bool { ranOut.withLock { $0 } }

    func begin(_ channel: any Channel) {
        let scheduled = channel.eventLoop.scheduleTask(in: IMAPTestClient.patience) {
            self.ranOut.withLock { $0 = true }
            channel.close(promise: nil)
        }
        timer.withLock { $0 = scheduled }
    }

    func end() {
        timer.withLock { timer in
            timer?.cancel()
            timer = nil
        }
    }
}

/// Passes what comes to the client's stream.
private final class Receiver: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let continuation: AsyncStream<ByteBuffer>.Continuation

    private let wait: Wait

    init(_ continuation: AsyncStream<ByteBuffer>.Continuation, _ wait: Wait) {
        self.continuation = continuation
        self.wait = wait
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        wait.end()
        continuation.yield(unwrapInboundIn(data))
    }
    func channelInactive(context: ChannelHandlerContext) { continuation.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
