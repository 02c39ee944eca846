// Compresses a connection both ways (RFC 4978), between TLS and the session's gate.
//
// Theory. Inbound: what came compressed waits in `backlog`, which is no more than one read of the socket, and is
// decompressed a piece at a time, when the session asks for bytes. So however much a byte blows up, the session takes
// no more of it than it has limits for, and memory is bounded. Outbound: all that a flush sends is compressed with it
// and flushed wholly, so that no reply's end stays behind. A connection that has written nothing for a while gives its
// compressor back: an idle client costs what its decompressor needs.
//
// States: compressing from the moment it is added; after `stop` it passes everything on as it is.

import NIOCore

final class DeflateHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Failure: Error {
        /// The peer sends what is no DEFLATE stream.
        case malformed
        /// The peer ended its stream and sent more.
        case pastEnd
        case outOfMemory
    }

    /// The most that is decompressed before it is taken.
    static let pieceSize = 32 * 1_024

    private let keepTime: TimeAmount
    private let inflater: Inflater
    private var deflater: Deflater?
    private var isStopped = false
    private var hasFailed = false
    private var hasPeerEnded = false
    /// The decompressor holds output back: it was given less room than it needs.
    private var isInflaterFull = false
    private var backlog: ByteBuffer
    private var waiting: [(bytes: ByteBuffer, promise: EventLoopPromise<Void>?)] = []
    private var usedAt = NIODeadline.uptimeNanoseconds(0)
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - early: what came behind the command and was not read as plain text.
    ///   - keepTime: how long a compressor is kept that is not used.
    init(early: ByteBuffer, keepTime: TimeAmount = .seconds(5)) throws {
        guard let inflater = Inflater() else { throw Failure.outOfMemory }
        self.inflater = inflater
        self.keepTime = keepTime
        backlog = early
    }

    /// True while it holds a compressor's memory.
    var hasDeflater: Bool { deflater != nil }

    /// Ends the compression both ways, as UNAUTHENTICATE does; what has been flushed has gone compressed.
    /// - Returns: what came since and is plain text.
    func stop() -> ByteBuffer {
        isStopped = true
        deflater = nil
        defer { backlog = ByteBuffer() }
        return backlog
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isStopped { return context.fireChannelRead(data) }
        guard !hasFailed else { return }
        var bytes = unwrapInboundIn(data)
        if backlog.readableBytes == 0 { backlog = bytes } else { backlog.writeBuffer(&bytes) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        guard !isStopped else { return context.fireChannelReadComplete() }
        deliver(context)
    }

    func read(context: ChannelHandlerContext) {
        if isStopped || !(isInflaterFull || backlog.readableBytes > 0) { return context.read() }
        deliver(context)
    }

    /// Hands the next piece on, or reads when there is none.
    private func deliver(_ context: ChannelHandlerContext) {
        guard !hasFailed else { return }
        var piece = ByteBuffer()
        while piece.readableBytes == 0 {
            guard isInflaterFull || backlog.readableBytes > 0 else { return context.read() }
            guard !hasPeerEnded else { return fail(context, .pastEnd) }
            let before = backlog.readableBytes
            let outcome = inflater.decompress(&backlog, atMost: DeflateHandler.pieceSize, into: &piece)
            isInflaterFull = outcome == .full
            hasPeerEnded = outcome == .ended
            let hasMoved = backlog.readableBytes < before || piece.readableBytes > 0
            let isStuck = !hasMoved && !hasPeerEnded && backlog.readableBytes > 0
            guard outcome != .broken, !isStuck else { return fail(context, .malformed) }
        }
        if backlog.readableBytes == 0 { backlog = ByteBuffer() }
        context.fireChannelRead(wrapInboundOut(piece))
        context.fireChannelReadComplete()
    }

    private func fail(_ context: ChannelHandlerContext, _ failure: Failure) {
        hasFailed = true
        backlog = ByteBuffer()
        context.fireErrorCaught(failure)
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if isStopped { return context.write(data, promise: promise) }
        waiting.append((unwrapOutboundIn(data), promise))
    }

    func flush(context: ChannelHandlerContext) {
        if !waiting.isEmpty { compress(context) }
        context.flush()
    }

    private func compress(_ context: ChannelHandlerContext) {
        let writes = waiting
        waiting = []
        let promise = EventLoopPromise<Void>.joining(writes.compactMap(\.promise), on: context.eventLoop)
        guard let deflater = deflater ?? Deflater() else { return giveUp(context, promise, .outOfMemory) }
        self.deflater = deflater
        var output = ByteBuffer()
        for (index, write) in writes.enumerated() {
            guard deflater.compress(write.bytes, flush: index == writes.count - 1, into: &output) else {
                return giveUp(context, promise, .malformed)
            }
        }
        context.write(wrapOutboundOut(output), promise: promise)
        usedAt = .now()
        if timer == nil { schedule(context.eventLoop, keepTime) }
    }

    private func giveUp(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?, _ failure: Failure) {
        promise?.fail(failure)
        fail(context, failure)
    }

    private func schedule(_ eventLoop: any EventLoop, _ time: TimeAmount) {
        timer = eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in self?.looksUnused(eventLoop) }
    }

    private func looksUnused(_ eventLoop: any EventLoop) {
        timer = nil
        let left = usedAt + keepTime - .now()
        guard left > .zero else { return deflater = nil }
        schedule(eventLoop, left)
    }

    // MARK: The end

    func channelInactive(context: ChannelHandlerContext) {
        // What came with the end and fits one piece is still carried out, as it would be in plain text.
        if !isStopped, isInflaterFull || backlog.readableBytes > 0 { deliver(context) }
        failWaiting()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        failWaiting()
    }

    private func failWaiting() {
        let writes = waiting
        waiting = []
        for write in writes { write.promise?.fail(ChannelError.ioOnClosedChannel) }
    }
}

extension EventLoopPromise<Void> {
    /// One promise for many: what becomes of it becomes of them all. nil for none.
    fileprivate static func joining(_ promises: [EventLoopPromise<Void>], on loop: any EventLoop) -> Self? {
        guard let first = promises.first else { return nil }
        guard promises.count > 1 else { return first }
        let joined = loop.makePromise(of: Void.self)
        for promise in promises { joined.futureResult.cascade(to: promise) }
        return joined
    }
}
