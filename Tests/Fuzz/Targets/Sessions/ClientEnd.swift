// The client's end of a connection without a network: what it says is taken at once, and it knows when the server has
// nothing more to say.
//
// Theory. A server reads when it has done all that it was told to do: IMAP and LMTP ask the channel for bytes only
// then. So one handler in front of the pipeline sees the asking and the end; one at its back sees what is answered,
// before any compression. Time stands still on the loop: nothing happens because something took long.

import NIOCore
import NIOEmbedded
import Synchronization

/// One connection.
final class ClientEnd: Sendable {
    private let channel: NIOAsyncTestingChannel
    private let ear: Ear

    private init(_ channel: NIOAsyncTestingChannel, _ ear: Ear) {
        self.channel = channel
        self.ear = ear
    }

    /// Connects from this machine and waits until the server has greeted.
    /// - Parameter accept: makes the server's pipeline.
    static func connect(
        on loop: NIOAsyncTestingEventLoop, _ accept: @escaping @Sendable (any Channel) throws -> Void
    ) async throws -> ClientEnd {
        let channel = NIOAsyncTestingChannel(loop: loop)
        let ear = Ear()
        let address = try SocketAddress(ipAddress: "127.0.0.1", port: 49_152)
        channel.localAddress = address
        channel.remoteAddress = address
        try await loop.submit {
            try accept(channel)
            try channel.pipeline.syncOperations.addHandler(AskingHandler(ear), position: .first)
            try channel.pipeline.syncOperations.addHandler(AnswerHandler(ear), position: .last)
            channel.pipeline.register(promise: nil)
            channel.connect(to: address, promise: nil)
        }.get()
        await ear.settled()
        return ClientEnd(channel, ear)
    }

    /// Says it and waits until the server has nothing more to do.
    func say(_ bytes: some Sequence<UInt8> & Sendable) async {
        guard ear.expect() else { return }
        channel.eventLoop.execute { [channel] in
            channel.pipeline.fireChannelRead(ByteBuffer(bytes: bytes))
            channel.pipeline.fireChannelReadComplete()
        }
        await ear.settled()
    }

    /// What the server has said since the last call.
    func heard() -> [UInt8] { ear.take() }

    /// The server has closed the connection.
    var isClosed: Bool { ear.isClosed }

    func hangUp() { channel.close(promise: nil) }
}

/// What becomes known of the server's side.
private final class Ear: Sendable {
    private struct State {
        var heard: [UInt8] = []
        var isAsked = false
        var isClosed = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// False when nobody listens any more.
    func expect() -> Bool {
        state.withLock { state in
            state.isAsked = false
            return !state.isClosed
        }
    }

    func settled() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isAsked || state.isClosed { return true }
                state.waiter = continuation
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    func take() -> [UInt8] {
        state.withLock { state in
            defer { state.heard = [] }
            return state.heard
        }
    }

    func hear(_ bytes: ByteBuffer) { state.withLock { $0.heard += bytes.readableBytesView } }
    func asked() { settle { $0.isAsked = true } }
    func closed() { settle { $0.isClosed = true } }

    private func settle(_ change: (inout State) -> Void) {
        let waiter = state.withLock { state in
            change(&state)
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}

private final class AskingHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer

    private let ear: Ear

    init(_ ear: Ear) { self.ear = ear }

    func read(context: ChannelHandlerContext) {
        ear.asked()
        context.read()
    }

    func channelInactive(context: ChannelHandlerContext) {
        context.fireChannelInactive()
        ear.closed()
    }
}

private final class AnswerHandler: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let ear: Ear

    init(_ ear: Ear) { self.ear = ear }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        ear.hear(unwrapOutboundIn(data))
        context.write(data, promise: promise)
    }
}
