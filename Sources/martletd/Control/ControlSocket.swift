// The server's end of the control socket: one line of JSON in, one out, for root and the server's own user.
//
// Theory. A connection says one line of bounded length within bounded time and gets one; then it is closed. Before any
// byte of it is read the kernel has said whose process is at the other end: the file's mode (0600) keeps others out,
// and this holds also where a mode was changed. At most `mostConnections` are served at a time; what they ask is
// answered by the function given, outside the event loop.

import Accounts
import Foundation
import Logging
import NIOCore
import NIOPosix
import Sockets
import Synchronization

/// Listens on `control.sock`.
final class ControlSocket: Sendable {
    static let mostConnections = 16
    static let patience = TimeAmount.seconds(10)

    typealias Answer = @Sendable (ControlRequest) async -> ControlReply

    private let path: String
    private let mayAsk: @Sendable (PeerCredentials) -> Bool
    private let answer: Answer
    private let logger: Logger
    private let connections = Atomic<Int>(0)
    private let listener = Mutex<(any Channel)?>(nil)

    /// - Parameters:
    ///   - path: in the data directory, whose lock this process holds: what lies there is left over from before.
    ///   - mayAsk: whether a process at the other end is answered; root and this process's user by default.
    init(
        path: String, logger: Logger, mayAsk: (@Sendable (PeerCredentials) -> Bool)? = nil, answer: @escaping Answer
    ) {
        self.path = path
        self.logger = logger
        self.answer = answer
        let own = geteuid()
        self.mayAsk = mayAsk ?? { $0.userID == 0 || $0.userID == own }
    }

    /// - Throws: `StartupError`.
    func bind() async throws {
        do {
            let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 16)
                .childChannelOption(.autoRead, value: false)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(ControlConnection(self))
                    }
                }
                .bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            listener.withLock { $0 = channel }
            guard chmod(path, 0o600) == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
        } catch {
            await close()
            throw StartupError(
                description: "cannot listen on \(path): \(error); its directory must be writable, and a socket's path "
                    + "at most \(ListenAddress.longestSocketPath) bytes long")
        }
    }

    /// Closes the socket and removes its file.
    func close() async {
        let channel = listener.withLock { channel in
            defer { channel = nil }
            return channel
        }
        guard let channel else { return }
        try? await channel.close().get()
        unlink(path)
    }

    // MARK: Of a connection

    fileprivate func enter() -> Bool {
        let count = connections.add(1, ordering: .relaxed).newValue
        if count <= ControlSocket.mostConnections { return true }
        leave()
        return false
    }

    fileprivate func leave() { connections.subtract(1, ordering: .relaxed) }

    fileprivate func isAnswered(_ peer: PeerCredentials) -> Bool {
        if mayAsk(peer) { return true }
        logger.warning("control socket: refused", metadata: ["uid": "\(peer.userID)", "pid": "\(peer.processID)"])
        return false
    }

    fileprivate func reply(to line: [UInt8], _ peer: PeerCredentials) async -> [UInt8] {
        let reply: ControlReply
        do {
            let request = try ControlLine.decode(ControlRequest.self, from: line)
            logger.debug("control socket", metadata: ["uid": "\(peer.userID)", "request": "\(request)"])
            reply = await answer(request)
        } catch {
            reply = .error(
                "the server does not understand this request; are martlet and martletd of the same version?")
        }
        return (try? ControlLine.encode(reply)) ?? Array("{\"error\":\"the answer cannot be written\"}\n".utf8)
    }
}

/// One connection: whose it is, then its line, then the reply.
private final class ControlConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let socket: ControlSocket
    private var peer: PeerCredentials?
    private var buffer = ByteBuffer()
    private var isCounted = false
    private var isAnswered = false

    init(_ socket: ControlSocket) { self.socket = socket }

    func channelActive(context: ChannelHandlerContext) {
        guard socket.enter() else { return context.close(promise: nil) }
        isCounted = true
        let channel = context.channel
        channel.eventLoop.scheduleTask(in: ControlSocket.patience) { channel.close(promise: nil) }
        PeerCredentials.of(channel).assumeIsolated().whenComplete { result in
            guard case .success(let peer) = result, self.socket.isAnswered(peer) else {
                return self.say(.error("only root and the server's own user are answered here"), channel)
            }
            self.peer = peer
            channel.read()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let peer, !isAnswered else { return }
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
        let line = buffer.readableBytesView.prefix { $0 != 0x0a }
        guard line.count <= ControlRequest.longest else {
            return say(.error("a request has at most \(ControlRequest.longest) bytes"), context.channel)
        }
        guard line.count < buffer.readableBytes else { return }
        isAnswered = true
        let (socket, channel, request) = (socket, context.channel, Array(line))
        Task {
            let reply = await socket.reply(to: request, peer)
            channel.writeAndFlush(ByteBuffer(bytes: reply)).whenComplete { _ in channel.close(promise: nil) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if peer != nil, !isAnswered { context.read() }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if isCounted { socket.leave() }
        isCounted = false
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func say(_ reply: ControlReply, _ channel: any Channel) {
        isAnswered = true
        let bytes = (try? ControlLine.encode(reply)) ?? []
        channel.writeAndFlush(ByteBuffer(bytes: bytes)).whenComplete { _ in channel.close(promise: nil) }
    }
}
