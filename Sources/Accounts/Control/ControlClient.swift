// The command line's end of the control socket: one question, one answer.

#if canImport(Glibc)
    import Glibc
#endif
import MailStore
import NIOCore
import NIOPosix

/// Why the running server could not be asked.
package enum ControlError: Error, Hashable, Sendable {
    /// Nobody listens on the socket.
    case notRunning(socket: String)
    /// This user may not use the socket.
    case notPermitted(socket: String)
    /// The server said no.
    case refused(String)
    /// What came was no answer.
    case broken(String)

    /// One line: what is wrong, and what to do.
    package var explanation: String {
        switch self {
        case .notRunning(let socket):
            "the server is not running: nobody answers on \(socket); start martletd on this data directory"
        case .notPermitted(let socket): "this user may not use \(socket); run as root or as the server's own user"
        case .refused(let reason): reason
        case .broken(let reason): "no answer from the server: \(reason)"
        }
    }
}

/// Asks the server that runs on a data directory.
package struct ControlClient: Sendable {
    private let socket: String
    private let patience: TimeAmount

    /// - Parameter patience: how long an answer may take.
    package init(dataDirectory: String, patience: Duration = .seconds(10)) {
        socket = DataDirectory(dataDirectory).controlSocket
        self.patience = TimeAmount(patience)
    }

    /// The sessions of everybody, or of the account with this address.
    package func sessions(of account: String? = nil) async throws(ControlError) -> [ControlSession] {
        guard case .sessions(let sessions) = try await ask(.sessions(account: account)) else {
            throw .broken("it answered something else")
        }
        return sessions
    }

    /// Ends one session. Returns how many there were of that name: 0 or 1.
    package func kick(session: String) async throws(ControlError) -> Int { try await kick(.kickSession(session)) }

    /// Ends the sessions of the account with this address. Returns how many there were.
    package func kick(account: String) async throws(ControlError) -> Int { try await kick(.kickAccount(account)) }

    private func kick(_ request: ControlRequest) async throws(ControlError) -> Int {
        guard case .kicked(let count) = try await ask(request) else { throw .broken("it answered something else") }
        return count
    }

    /// Sends a request and waits for its answer.
    /// - Throws: `.refused` with the server's words where the answer is an error.
    package func ask(_ request: ControlRequest) async throws(ControlError) -> ControlReply {
        let line: [UInt8]
        let reply: ControlReply
        do {
            line = try await exchange(try ControlLine.encode(request))
            reply = try ControlLine.decode(ControlReply.self, from: line)
        } catch let error as ControlError {
            throw error
        } catch let error as IOError {
            throw switch error.errnoCode {
            case ENOENT, ECONNREFUSED: .notRunning(socket: socket)
            case EACCES, EPERM: .notPermitted(socket: socket)
            default: .broken("\(error)")
            }
        } catch {
            throw .broken("\(error)")
        }
        if case .error(let reason) = reply { throw .refused(reason) }
        return reply
    }

    private func exchange(_ request: [UInt8]) async throws -> [UInt8] {
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.next().makePromise(of: [UInt8].self)
        let channel: any Channel
        do {
            channel = try await ClientBootstrap(group: group)
                .connectTimeout(patience)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(AnswerReader(answer))
                    }
                }
                .connect(unixDomainSocketPath: socket).get()
        } catch {
            answer.fail(error)
            throw error
        }
        let timer = channel.eventLoop.scheduleTask(in: patience) {
            answer.fail(ControlError.broken("it takes too long"))
        }
        // A server that refuses may close before it has read: its answer counts, not our write.
        channel.writeAndFlush(ByteBuffer(bytes: request), promise: nil)
        defer {
            timer.cancel()
            channel.close(promise: nil)
        }
        return try await answer.futureResult.get()
    }
}

/// Collects the one line.
private final class AnswerReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let answer: EventLoopPromise<[UInt8]>
    private var buffer = ByteBuffer()

    init(_ answer: EventLoopPromise<[UInt8]>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let end = bytes.readableBytesView.firstIndex(of: 0x0a)
        let count = end.map { $0 - bytes.readerIndex } ?? bytes.readableBytes
        if let piece = bytes.readSlice(length: count) { buffer.writeImmutableBuffer(piece) }
        if end != nil {
            answer.succeed(Array(buffer.readableBytesView))
        } else if buffer.readableBytes > ControlReply.longest {
            answer.fail(ControlError.broken("it is too long"))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ControlError.broken("the server closed the connection; its log says why"))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}
