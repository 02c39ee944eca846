// The session's end of its connection: events in order from the framer, replies out with backpressure.
//
// Theory. Bytes are asked for only when the framer has no further event, so a client that sends faster than it is
// served fills the kernel's buffers and then waits. Replies collect in `writer` and go out when the session has nothing
// else to do or `flushSize` is reached; a flush waits until the channel has room, so a client that does not read
// suspends its own session and nothing else. One that makes no progress for `writeTime` is cut off, one that has not
// logged in when its time is over.

import IMAPSyntax
import NIOCore

/// The connection is gone or must be given up: the session ends without another word.
struct ConnectionEnded: Error {}

/// Used by the session's one task alone.
final class Connection {
    /// Replies are handed to the channel in pieces of about this size.
    static let flushSize = 64 * 1_024

    let channel: any Channel
    let gate: ChannelGate
    let limits: IMAPLimits
    /// Of the connection's event loop.
    let turns: LoopTurns
    var framer: CommandFramer
    var writer = ResponseWriter()

    init(channel: any Channel, gate: ChannelGate, limits: IMAPLimits, turns: LoopTurns) {
        self.channel = channel
        self.gate = gate
        self.limits = limits
        self.turns = turns
        framer = CommandFramer(limits: limits)
    }

    /// Room for replies that wait for their client, as the channel is told of it.
    static func waterMark(_ most: Int) -> ChannelOptions.Types.WriteBufferWaterMark {
        .init(low: max(1, most / 4), high: max(1, most))
    }

    /// After a login, and after its end: other limits hold.
    func setAuthenticated(_ isAuthenticated: Bool) {
        framer.authenticated = isAuthenticated
        let most = isAuthenticated ? limits.output : limits.outputBeforeAuthentication
        channel.setOption(.writeBufferWaterMark, value: Connection.waterMark(most)).whenComplete { _ in }
    }

    // MARK: Reading

    /// What a session that waits for input was given.
    enum Arrival {
        case event(WireEvent)
        /// Signals that the caller asked for.
        case signals(Wake)
    }

    /// The next event of the wire, or one of the signals, whichever is first. What was written before is flushed as
    /// soon as there is nothing more to read.
    func next(or signals: Wake) async throws(ConnectionEnded) -> Arrival {
        while true {
            if let arrival = try await arrival(or: signals) { return arrival }
            let wake = await gate.wait(for: Connection.reasons(signals))
            if let arrival = try take(wake, signals) { return arrival }
        }
    }

    /// As `next`, without waiting for the client: nil when nothing is there.
    func arrival(or signals: Wake) async throws(ConnectionEnded) -> Arrival? {
        while true {
            if let event = framer.next() { return .event(event) }
            try await flush()
            if gate.wantInput() { channel.read() }
            let wake = gate.poll(Connection.reasons(signals))
            if wake.isEmpty { return nil }
            if let arrival = try take(wake, signals) { return arrival }
        }
    }

    /// What a wait for `reasons(signals)` has brought: signals, or bytes for the framer, and then nil.
    func take(_ wake: Wake, _ signals: Wake) throws(ConnectionEnded) -> Arrival? {
        let raised = wake.intersection(signals)
        if !raised.isEmpty { return .signals(raised) }
        guard wake.contains(.input) else { throw ConnectionEnded() }
        var bytes = gate.takeInput()
        framer.append(&bytes)
        return nil
    }

    /// What a session that wants input and these signals waits for.
    static func reasons(_ signals: Wake) -> Wake { signals.union([.input, .ended]) }

    /// True once the client has gone: a long search need not go on.
    var hasEnded: Bool { !gate.poll(.ended).isEmpty }

    /// Forgets everything that was received in plain text (RFC 3501 §6.2.1) and puts TLS before it, in one step on the
    /// event loop, so that no byte can come between.
    func startTLS(_ makeHandler: @escaping @Sendable () throws -> any ChannelHandler) async throws {
        framer.discardBuffered()
        let channel = channel
        let gate = gate
        try await channel.eventLoop.submit {
            gate.dropInput()
            try channel.pipeline.syncOperations.addHandler(makeHandler(), position: .first)
        }.get()
    }

    /// Whether COMPRESS is active.
    private(set) var isCompressed = false

    /// Compresses both ways from here on; what has come and was not read counts as compressed.
    func startCompression() async throws {
        let early = framer.takeBuffered()
        let channel = channel
        let gate = gate
        try await channel.eventLoop.submit {
            var early = early
            early.writeImmutableBuffer(gate.takeInput())
            let pipeline = channel.pipeline.syncOperations
            let gateHandler = try pipeline.handler(type: GateHandler.self)
            try pipeline.addHandler(DeflateHandler(early: early), position: .before(gateHandler))
        }.get()
        isCompressed = true
    }

    /// Ends the compression both ways, after what has been written: UNAUTHENTICATE needs it, after its OK.
    func endCompression() async throws {
        guard isCompressed else { return }
        try await flush()
        let channel = channel
        let gate = gate
        var plain = try await channel.eventLoop.submit {
            let handler = try channel.pipeline.syncOperations.handler(type: DeflateHandler.self)
            let early = handler.stop()
            _ = channel.pipeline.syncOperations.removeHandler(handler)
            return early
        }.get()
        plain.writeImmutableBuffer(gate.takeInput())
        framer.append(&plain)
        isCompressed = false
    }

    // MARK: Writing

    /// Sends what has been written, if it is much, and lets the loop's other sessions go first then.
    func flushIfLarge() async throws(ConnectionEnded) {
        guard writer.buffer.readableBytes >= Connection.flushSize else { return }
        try await flush()
        await turns.giveWay()
    }

    /// Sends what has been written and waits until there is room for more.
    func flush() async throws(ConnectionEnded) {
        guard writer.buffer.readableBytes > 0 else { return }
        channel.writeAndFlush(writer.take(), promise: nil)
        try await waitForRoom()
    }

    /// Sends bytes that were encoded elsewhere, after what has been written.
    func send(_ bytes: ByteBuffer) async throws(ConnectionEnded) {
        if bytes.readableBytes < Connection.flushSize / 4 {
            writer.buffer.writeImmutableBuffer(bytes)
            return try await flushIfLarge()
        }
        if writer.buffer.readableBytes > 0 { channel.write(writer.take(), promise: nil) }
        channel.writeAndFlush(bytes, promise: nil)
        try await waitForRoom()
    }

    /// Sends a reply of any size piece by piece, each when there is room for it.
    func sendInPieces(_ reply: ByteBuffer) async throws(ConnectionEnded) {
        var rest = reply
        while rest.readableBytes > 0,
            let piece = rest.readSlice(length: min(rest.readableBytes, Connection.flushSize))
        {
            try await send(piece)
            await turns.giveWay()
        }
    }

    private func waitForRoom() async throws(ConnectionEnded) {
        let now = gate.poll([.writable, .ended])
        if now == .writable { return }
        guard !now.contains(.ended) else { throw ConnectionEnded() }
        let watch = WriteWatch(channel, every: TimeAmount(limits.writeTime))
        defer { watch.cancel() }
        let wake = await gate.wait(for: framer.authenticated ? [.writable, .ended] : [.writable, .ended, .deadline])
        if wake.contains(.deadline) { gate.ended(because: "login time-out") }
        guard wake.isDisjoint(with: [.ended, .deadline]) else { throw ConnectionEnded() }
    }

    /// Forgets what has been written: it must not follow what was sent.
    func abandon() { _ = writer.take() }

    /// Sends what has been written and closes, giving the last words `time` to leave.
    func close(within time: TimeAmount) async {
        let timeOut = channel.eventLoop.scheduleTask(in: time) { [channel] in channel.close(promise: nil) }
        if writer.buffer.readableBytes > 0 {
            try? await channel.writeAndFlush(writer.take()).get()
        }
        timeOut.cancel()
        try? await channel.close().get()
        gate.finish()
    }
}
