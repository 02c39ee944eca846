// What ends a TLS connection, in a closed list that callers may switch over.

/// Why a TLS connection failed. All of them are the peer's or the network's doing, and ordinary on the open internet:
/// log them quietly.
package enum TLSError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The handshake failed: not TLS at all, no version or cipher or application protocol in common, a bad certificate.
    /// Holds OpenSSL's reasons.
    case handshakeFailed([String])
    /// The connection ended before the handshake did.
    case closedDuringHandshake
    /// A record that is forged, broken, or not allowed at this point.
    case brokenRecord([String])
    /// TCP ended without a close_notify alert: what came before may lack its end (RFC 8446 §6.1). Many clients do this.
    case truncated
    /// The peer makes us answer (alerts, key updates) and does not read the answers.
    case unreadAnswers
    /// More than the limit was written before the handshake had ended.
    case tooMuchBeforeHandshake
    /// The handler left the pipeline, or the connection was closed, with this write still waiting.
    case closed

    package var description: String {
        switch self {
        case .handshakeFailed(let reasons): "the TLS handshake failed: \(reasons.joined(separator: "; "))"
        case .closedDuringHandshake: "the connection ended during the TLS handshake"
        case .brokenRecord(let reasons): "a broken TLS record came: \(reasons.joined(separator: "; "))"
        case .truncated: "the connection ended without a TLS close_notify"
        case .unreadAnswers: "the peer asks for TLS answers and does not read them"
        case .tooMuchBeforeHandshake: "too much was written before the TLS handshake had ended"
        case .closed: "the TLS connection is closed"
        }
    }
}
