// The socket's side of a session: bytes when they are asked for, the end, a drain, a time-out; one event at a time.
//
// Theory. The channel does not read by itself: `next` asks for one read, so a client is never faster than its session.
// What arrives is either handed to the one waiter or kept in `pending`. `end` and `drain` are remembered, and told
// after the bytes before them. Everything is under one lock; the waiter is resumed outside it, exactly once, by whoever
// takes it out.

import NIOCore
import Synchronization

/// The last handler of an inbound SMTP or LMTP connection.
final class ConnectionReader: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    enum Event: Sendable {
        case bytes(ByteBuffer)
        /// The client has closed, or the connection broke.
        case end
        /// The server stops. Told once.
        case drain
        case timeOut
    }

    private struct State {
        var pending: [ByteBuffer] = []
        var isOver = false
        var drain = Drain.no
        var waiter: CheckedContinuation<Event, Never>?
        var waiting: UInt64 = 0
    }
    private enum Drain { case no, due, told }
    private let state = Mutex(State())

    /// Waits for the next event, for at most `patience`. One caller at a time.
    func next(_ channel: any Channel, within patience: Duration) async -> Event {
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) { self.giveUp() }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let event: Event? = state.withLock { state in
                if let event = Self.ready(&state) { return event }
                state.waiter = continuation
                return nil
            }
            if let event { continuation.resume(returning: event) } else { channel.read() }
        }
    }

    /// Tells the session that the server stops.
    func drain() {
        wake { state in
            if state.drain == .no { state.drain = .due }
        }
    }

    /// Forgets what has come and puts a handler before this one, in one step on the event loop, so that no byte can
    /// come between.
    func putBefore(_ channel: any Channel, _ make: @escaping @Sendable () throws -> any ChannelHandler) async throws {
        try await channel.eventLoop.submit {
            self.state.withLock { $0.pending = [] }
            try channel.pipeline.syncOperations.addHandler(make(), position: .first)
        }.get()
    }

    private func giveUp() {
        let waiter = state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: .timeOut)
    }

    private static func ready(_ state: inout State) -> Event? {
        if !state.pending.isEmpty { return .bytes(state.pending.removeFirst()) }
        if state.isOver { return .end }
        guard state.drain == .due else { return nil }
        state.drain = .told
        return .drain
    }

    private func wake(_ change: (inout State) -> Void) {
        let resumed: (CheckedContinuation<Event, Never>, Event)? = state.withLock { state in
            change(&state)
            guard let waiter = state.waiter, let event = Self.ready(&state) else { return nil }
            state.waiter = nil
            return (waiter, event)
        }
        if let (waiter, event) = resumed { waiter.resume(returning: event) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        wake { $0.pending.append(bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // A read that brought nothing for the session, as a TLS record that was only begun.
        if state.withLock({ $0.waiter != nil }) { context.read() }
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        wake { $0.isOver = true }
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { wake { $0.isOver = true } }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
