// The first handler of a connection that comes from a trusted proxy: the header must come before anything else.
//
// Theory. Until the header is whole nothing behind this handler hears of the connection: `channelActive` is held back,
// so neither TLS nor a session begins, and the session learns the client's address before its first word. Bytes that
// came with the header are handed on behind `channelActive`; then the handler is gone. A header that is wrong, too long
// or too slow ends the connection without a word: it was a proxy that is set up wrongly, and no mail client reads here.

package import NIOCore

/// Put it first in the pipeline of an accepted connection, while that is not active yet.
package final class ProxyHandler: ChannelInboundHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    private let patience: TimeAmount
    private let accepted: (ProxyHeader) -> Void
    private let refused: (String) -> Void
    private var buffer = ByteBuffer()
    private var timer: Scheduled<Void>?
    private var isOver = false

    /// - Parameters:
    ///   - patience: how long the whole header may take.
    ///   - accepted: told of the header, before the handlers behind hear that the channel is active.
    ///   - refused: told why the connection is closed instead; for the log.
    package init(
        patience: TimeAmount = .seconds(5), accepted: @escaping (ProxyHeader) -> Void,
        refused: @escaping (String) -> Void
    ) {
        self.patience = patience
        self.accepted = accepted
        self.refused = refused
    }

    package func channelActive(context: ChannelHandlerContext) {
        let channel = context.channel
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            self.refuse("no PROXY protocol header came in time", channel)
        }
        context.read()
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        var bytes = unwrapInboundIn(data)
        buffer.writeBuffer(&bytes)
        switch ProxyHeader.read(&buffer) {
        case .incomplete: break
        case .malformed(let reason): refuse(reason, context.channel)
        case .header(let header): handOver(header, context)
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if isOver { context.fireChannelReadComplete() } else { context.read() }
    }

    /// Nobody behind has heard of the channel: its end is news to nobody.
    package func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        isOver = true
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { return refuse("it closed", context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) { refuse("\(error)", context.channel) }

    private func handOver(_ header: ProxyHeader, _ context: ChannelHandlerContext) {
        isOver = true
        timer?.cancel()
        accepted(header)
        context.fireChannelActive()
        if buffer.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(buffer)) }
        buffer = ByteBuffer()
        context.fireChannelReadComplete()
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }

    private func refuse(_ reason: String, _ channel: any Channel) {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        buffer = ByteBuffer()
        refused(reason)
        channel.close(promise: nil)
    }
}
