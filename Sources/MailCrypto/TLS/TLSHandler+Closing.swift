// How the handler ends a connection: by our close, by the peer's, by an error. States and rules: TLSHandler.swift.

internal import NIOCore

extension TLSHandler {
    /// Sends close_notify, waits for the peer's for at most `closeTimeout`, closes the channel.
    func closeAll(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        switch state {
        case .idle, .handshaking:
            state = .closed
            failWrites(ChannelError.ioOnClosedChannel)
            context.close(promise: promise)
        case .open:
            closePromise.join(promise)
            state = .closing
            failWrites(ChannelError.ioOnClosedChannel)
            closeTimer = after(closeTimeout, context) { $0.finishClosing($1) }
            connection.sendCloseNotify()
            sendLastRecords(context) { handler, context in
                if handler.peerClosed { handler.finishClosing(context) }
            }
            if state == .closing { context.read() }
        case .closing:
            closePromise.join(promise)
        case .closed:
            context.close(promise: promise)
        }
    }

    /// Ends our half: flushed writes go, then close_notify, then TCP's FIN.
    func closeOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard state == .open, !outputClosed else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        if peerClosed { return closeAll(context, promise) }
        outputClosed = true
        failWrites(ChannelError.outputClosed)
        connection.sendCloseNotify()
        sendLastRecords(context) { handler, context in
            guard handler.state == .open else {
                promise?.succeed()
                return
            }
            context.close(mode: .output, promise: promise)
        }
    }

    /// Closes the channel at the end of `closing`.
    func finishClosing(_ context: ChannelHandlerContext) {
        guard state == .closing else { return }
        state = .closed
        let promise = closePromise
        closePromise = nil
        closeTimer?.cancel()
        closeTimer = nil
        context.close(promise: promise)
    }

    /// The channel is gone, or the handler is: nothing is left to wait for.
    func endClosing() {
        closeTimer?.cancel()
        closeTimer = nil
        closePromise?.succeed()
        closePromise = nil
    }

    /// A fatal error: tells the handlers behind, sends the alert if OpenSSL has written one, closes the channel.
    func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
        guard state != .closed else { return }
        state = .closing
        let waiting = closePromise
        closePromise = nil
        waiting?.succeed()
        closeTimer?.cancel()
        closeTimer = after(closeTimeout, context) { $0.finishClosing($1) }
        // From here on nothing more is read: the connection may only be freed.
        peerClosed = true
        failWrites(error)
        context.fireErrorCaught(error)
        sendLastRecords(context) { $0.finishClosing($1) }
    }

    /// Sends what is there to send and then calls `next`, also when it could not be sent.
    private func sendLastRecords(
        _ context: ChannelHandlerContext, then next: @escaping (TLSHandler, ChannelHandlerContext) -> Void
    ) {
        let sent = context.eventLoop.makePromise(of: Void.self)
        sent.futureResult.assumeIsolated().whenComplete { _ in next(self, context) }
        sendRecords(context, promise: sent)
    }

    private func after(
        _ delay: TimeAmount, _ context: ChannelHandlerContext,
        _ action: @escaping (TLSHandler, ChannelHandlerContext) -> Void
    ) -> Scheduled<Void> {
        context.eventLoop.assumeIsolated().scheduleTask(in: delay) { action(self, context) }
    }
}
