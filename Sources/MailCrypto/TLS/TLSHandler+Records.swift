// The handler's work with records: the handshake, decrypting, encrypting. States and rules: TLSHandler.swift.

internal import NIOCore

// MARK: Handshake

extension TLSHandler {
    /// Begins, once. A client speaks first; a server waits.
    func startHandshake(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        handshake(context)
        if state == .handshaking { context.read() }
    }

    func handshake(_ context: ChannelHandlerContext) {
        switch connection.handshake() {
        case .done:
            sendRecords(context)
            completeHandshake(context)
        case .needsInput: sendRecords(context)
        case .peerClosed: fail(context, .closedDuringHandshake)
        case .failed(let reasons): fail(context, .handshakeFailed(reasons))
        }
    }

    private func completeHandshake(_ context: ChannelHandlerContext) {
        guard state == .handshaking, let version = connection.version, let suite = connection.cipherSuite else {
            return
        }
        state = .open
        context.fireUserInboundEventTriggered(
            TLSHandshakeCompleted(
                version: version, cipherSuite: suite, applicationProtocol: connection.applicationProtocol,
                resumed: connection.isResumed))
        // The peer's first data may have come with the end of its handshake, and ours may have been written before it.
        if state == .open, queue.hasFlushed { encrypt(context) }
        if state == .open { decrypt(context) }
    }

    /// Sends what OpenSSL has written of its own accord: handshake messages, alerts, key updates, tickets.
    func sendRecords(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>? = nil) {
        guard let records = connection.takeRecords() else {
            promise?.succeed()
            return
        }
        context.writeAndFlush(wrapOutboundOut(records), promise: promise)
    }
}

// MARK: Decrypting

extension TLSHandler {
    /// Decrypts all that has come. What it gives is handed on in `open` and thrown away in `closing`.
    func decrypt(_ context: ChannelHandlerContext) {
        guard !isDecrypting else { return }
        isDecrypting = true
        defer { isDecrypting = false }
        while state == .open || state == .closing, !peerClosed {
            let (plaintext, outcome) = connection.read(allocator: context.channel.allocator)
            countAnswers(context)
            if case .failed = outcome {} else { sendRecords(context) }
            if let plaintext, state == .open { deliver(plaintext, context) }
            switch outcome {
            case .done: continue
            case .needsInput where connection.hasUnreadRecords: continue
            case .needsInput: return
            case .peerClosed: return handlePeerClosed(context)
            case .failed(let reasons): return handleBrokenRecord(context, reasons)
            }
        }
    }

    /// Answers that the peer does not read must not pile up: it can ask for them without end.
    private func countAnswers(_ context: ChannelHandlerContext) {
        guard connection.recordCount > 0 else { return }
        if context.channel.isWritable {
            unreadAnswers = 0
        } else {
            unreadAnswers += connection.recordCount
            if unreadAnswers > TLSHandler.mostUnreadAnswers { fail(context, .unreadAnswers) }
        }
    }

    private func handlePeerClosed(_ context: ChannelHandlerContext) {
        guard !peerClosed else { return }
        peerClosed = true
        switch state {
        case .closing: finishClosing(context)
        case .open where allowsHalfClosure(context) && !outputClosed:
            context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .open: closeAll(context, nil)
        case .idle, .handshaking, .closed: break
        }
    }

    private func handleBrokenRecord(_ context: ChannelHandlerContext, _ reasons: [String]) {
        switch state {
        case .open: fail(context, .brokenRecord(reasons))
        case .closing: finishClosing(context)
        case .idle, .handshaking, .closed: break
        }
    }

    private func allowsHalfClosure(_ context: ChannelHandlerContext) -> Bool {
        let option = try? context.channel.syncOptions?.getOption(ChannelOptions.allowRemoteHalfClosure)
        return option ?? false
    }
}

// MARK: Encrypting

extension TLSHandler {
    /// Encrypts and flushes all flushed writes, and those that come while it does: flushing completes promises and
    /// changes the channel's writability, and whoever is told of that may write more.
    func encrypt(_ context: ChannelHandlerContext) {
        guard !isEncrypting else { return }
        isEncrypting = true
        defer { isEncrypting = false }
        repeat {
            encryptQueue(context)
            if state != .closed { context.flush() }
        } while state == .open && queue.hasFlushed
    }

    private func encryptQueue(_ context: ChannelHandlerContext) {
        var promise: EventLoopPromise<Void>?
        while state == .open, var write = queue.popFlushed() {
            guard encryptPieces(&write.buffer, &promise, context) else {
                write.promise?.fail(TLSError.closed)
                break
            }
            promise.join(write.promise)
        }
        handOver(&promise, context)
    }

    /// Encrypts one write; hands over every piece that is full. False when the connection ended meanwhile.
    private func encryptPieces(
        _ buffer: inout ByteBuffer, _ promise: inout EventLoopPromise<Void>?, _ context: ChannelHandlerContext
    ) -> Bool {
        while buffer.readableBytes > 0 {
            if connection.recordCount >= TLSHandler.pieceSize {
                handOver(&promise, context)
                guard state == .open else { return false }
            }
            let room = max(TLSHandler.pieceSize - connection.recordCount, 1)
            let outcome = connection.write(&buffer, limit: room, allocator: context.channel.allocator)
            switch outcome {
            case .done: continue
            case .failed(let reasons): fail(context, .brokenRecord(reasons))
            case .needsInput, .peerClosed: fail(context, .brokenRecord(["a write cannot go on without the peer"]))
            }
            return false
        }
        return true
    }

    /// Writes the encrypted bytes at hand; `promise`, of the plaintext writes that end in them, goes along.
    private func handOver(_ promise: inout EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        let records = connection.takeRecords()
        guard records != nil || promise != nil else { return }
        let going = promise
        promise = nil
        context.write(wrapOutboundOut(records ?? ByteBuffer()), promise: going)
    }
}
