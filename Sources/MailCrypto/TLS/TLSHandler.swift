// TLS on a NIO channel: the handler that decrypts what comes and encrypts what goes.
//
// Theory. Three layers: `RecordBuffers` (OpenSSL's BIO), `TLSConnection` (the SSL object), and this handler, which
// turns channel events into its operations. States:
//
//   idle ──channel is active──▶ handshaking ──done──▶ open ──close──▶ closing ──peer's close_notify, EOF, time──▶
//   closed
//     any state ──channelInactive, fatal error──▶ closed
//
// - Writes are queued in every state before `closing`; only `open` encrypts, and only what was flushed. Encrypted bytes
//   lie in the channel's own buffer, so the channel's writability is the true one.
// - `open` has two flags besides: `peerClosed` (its close_notify came: no more reading) and `outputClosed` (ours went).
// - In `closing` our close_notify has gone; what still comes is thrown away until the peer's close_notify, for at most
//   `closeTimeout`. Closing at once would make TCP reset the connection over unread bytes, and the peer might lose our
//   last words.
// - Calls out of the handler (fire…, write, promises) can come back in: each is followed by a look at the state, and
//   `isDecrypting`, `isEncrypting` make a call that comes back in leave its work to the outer one.
// - Everything runs on the channel's event loop.

package import NIOCore

/// Fired inbound as a user event when the handshake is done.
package struct TLSHandshakeCompleted: Equatable, Sendable {
    package let version: TLSVersion
    /// The cipher suite's standard name, such as TLS_AES_256_GCM_SHA384.
    package let cipherSuite: String
    /// The application protocol that ALPN agreed on, if any.
    package let applicationProtocol: String?
    /// Whether an earlier session was resumed.
    package let resumed: Bool
}

/// TLS for one connection. Add it first in the pipeline, at connect time or, for STARTTLS, on the active channel after
/// the plaintext reply was flushed; bytes that were read before it is added do not pass through it.
///
/// Events: `TLSHandshakeCompleted`; `ChannelEvent.inputClosed` at the peer's close_notify where the channel allows half
/// closure; a `TLSError` by errorCaught, after which the channel closes. There is no handshake time-out: the caller has
/// one.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// The most that may be written before the handshake is done, in bytes.
    package static let mostBeforeHandshake = 1 << 20
    /// The most answers (alerts, key updates) that a peer may leave unread while the channel is not writable, in bytes.
    package static let mostUnreadAnswers = 16384
    /// Encrypted bytes go to the channel in pieces of about this size.
    static let pieceSize = 65536

    enum State { case idle, handshaking, open, closing, closed }

    let connection: TLSConnection
    let closeTimeout: TimeAmount
    var state = State.idle
    var queue = PlaintextQueue()
    var peerClosed = false
    var outputClosed = false
    var isDecrypting = false
    var isEncrypting = false
    private var deliveredData = false
    private var readIsWanted = false
    var unreadAnswers = 0
    var closePromise: EventLoopPromise<Void>?
    var closeTimer: Scheduled<Void>?

    private init(connection: TLSConnection, closeTimeout: TimeAmount) {
        self.connection = connection
        self.closeTimeout = closeTimeout
    }

    /// The server's end. `asksForCertificate`: the client is asked for a certificate and may decline; whichever it
    /// shows is taken, and `peerCertificateFingerprint` says which. `closeTimeout` is how long a close waits for the
    /// peer's close_notify.
    package convenience init(
        server context: TLSContext, asksForCertificate: Bool = false, closeTimeout: TimeAmount = .seconds(1)
    ) throws {
        let connection = try TLSConnection.server(context, asksForCertificate: asksForCertificate)
        self.init(connection: connection, closeTimeout: closeTimeout)
    }

    /// The client's end. `hostname` (a DNS name or an IP address) is sent as SNI and checked unless the context trusts
    /// anyone.
    package convenience init(
        client context: TLSContext, hostname: String?, resuming session: TLSSession? = nil,
        closeTimeout: TimeAmount = .seconds(1)
    ) throws {
        self.init(
            connection: try .client(context, hostname: hostname, resuming: session), closeTimeout: closeTimeout)
    }

    /// The version agreed on; nil before the handshake's end.
    package var version: TLSVersion? { connection.version }
    /// The cipher suite's standard name; nil before the handshake's end.
    package var cipherSuite: String? { connection.cipherSuite }

    /// Keying material of the connection (RFC 5705, RFC 8446 §7.5), 1 to 1024 bytes; nil before the handshake's end.
    package func exportKeyingMaterial(label: String, context: [UInt8]?, length: Int) -> [UInt8]? {
        connection.exportKeyingMaterial(label: label, context: context, length: length)
    }

    /// The tls-exporter channel binding, 32 bytes (RFC 9266 §2); nil before the handshake's end, and with TLS 1.2 where
    /// the client does not know the extended master secret, without which the binding would bind nothing.
    package var channelBinding: [UInt8]? { connection.channelBinding }

    /// SHA-256 of the DER form of the certificate that the peer showed in this connection's handshake, and whose key it
    /// proved to have; nil when it showed none. Nothing else about a client's certificate was checked.
    package var peerCertificateFingerprint: [UInt8]? { connection.peerCertificateFingerprint }

    /// The client's session, to resume later; nil before the server has sent one.
    package var session: TLSSession? { connection.session }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        // With auto-read off, a read that was asked for before we came is spent on the handshake: it is owed.
        readIsWanted = true
        startHandshake(context)
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        state = .closed
        endClosing()
        failWrites(TLSError.closed)
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        startHandshake(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let error: TLSError? =
            switch state {
            case .handshaking: .closedDuringHandshake
            case .open where !peerClosed: .truncated
            default: nil
            }
        state = .closed
        endClosing()
        failWrites(error ?? ChannelError.ioOnClosedChannel)
        if let error { context.fireErrorCaught(error) }
        context.fireChannelInactive()
    }

    // MARK: Inbound

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard state != .closed, !peerClosed else { return }
        connection.receive(unwrapInboundIn(data))
        switch state {
        case .handshaking: handshake(context)
        case .open, .closing: decrypt(context)
        case .idle, .closed: break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        if deliveredData {
            deliveredData = false
            readIsWanted = false
            context.fireChannelReadComplete()
        } else if readIsWanted || state == .handshaking || state == .closing {
            // Records came, but no data: with auto-read off nobody else would read on.
            context.read()
        }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        switch state {
        case .idle, .closed: context.fireUserInboundEventTriggered(event)
        case .handshaking: fail(context, .closedDuringHandshake)
        case .closing: finishClosing(context)
        case .open where peerClosed: break
        case .open:
            peerClosed = true
            context.fireErrorCaught(TLSError.truncated)
            context.fireUserInboundEventTriggered(event)
        }
    }

    /// Hands on what was decrypted.
    func deliver(_ plaintext: ByteBuffer, _ context: ChannelHandlerContext) {
        deliveredData = true
        context.fireChannelRead(wrapInboundOut(plaintext))
    }

    // MARK: Outbound

    package func read(context: ChannelHandlerContext) {
        readIsWanted = true
        context.read()
    }

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard state != .closed, state != .closing, !outputClosed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        queue.append(unwrapOutboundIn(data), promise: promise)
        if state != .open, queue.byteCount > TLSHandler.mostBeforeHandshake { fail(context, .tooMuchBeforeHandshake) }
    }

    package func flush(context: ChannelHandlerContext) {
        queue.flush()
        if state == .open { encrypt(context) }
        if state == .closed { context.flush() }
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .all: closeAll(context, promise)
        case .output: closeOutput(context, promise)
        case .input: promise?.fail(ChannelError.operationUnsupported)
        }
    }

    /// Fails all that waits to be written.
    func failWrites(_ error: any Error) {
        for promise in queue.removeAll() { promise.fail(error) }
    }
}
