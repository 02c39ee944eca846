// TLS on a NIO channel: the handler that decrypts what comes and encrypts what goes.

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

/// TLS for one connection. Add it first in the pipeline, at connect time or, for STARTTLS, on the active channel after the
/// plaintext reply was flushed; bytes that were read before it is added do not pass through it.
///
/// Events: `TLSHandshakeCompleted`; `ChannelEvent.inputClosed` at the peer's close_notify where the channel allows half
/// closure; a `TLSError` by errorCaught, after which the channel closes. There is no handshake time-out: the caller has one.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// The server's end.
    package init(server context: TLSContext) throws {}

    /// The client's end. `hostname` (a DNS name or an IP address) is sent as SNI and checked unless the context trusts anyone.
    package init(client context: TLSContext, hostname: String?, resuming session: TLSSession? = nil) throws {}

    /// The version agreed on; nil before the handshake's end.
    package var version: TLSVersion? { nil }
    package var cipherSuite: String? { nil }

    /// Keying material of the connection (RFC 5705, RFC 8446 §7.5); nil before the handshake's end.
    package func exportKeyingMaterial(label: String, context: [UInt8]?, length: Int) -> [UInt8]? { nil }

    /// The client's session, to resume later; nil before there is one.
    package var session: TLSSession? { nil }
}

/// A client's session, to be resumed by a later connection with the same context.
package final class TLSSession: @unchecked Sendable {}
