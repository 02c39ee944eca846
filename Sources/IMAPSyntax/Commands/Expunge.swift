// EXPUNGE and UID EXPUNGE.

/// RFC 3501 §6.4.3, RFC 4315 §2.1.
package struct Expunge: Hashable, Sendable {
    /// The messages, by UID, that UID EXPUNGE limits itself to; nil for plain EXPUNGE.
    package var uids: MessageSelection?

    package init(uids: MessageSelection? = nil) { self.uids = uids }
}

extension Lexer {
    // RFC 4315 §4: uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
    mutating func expunge(_ numbering: MessageNumbering) throws(SyntaxError) -> Expunge {
        switch numbering {
        case .sequence: return Expunge()
        case .uid:
            try space()
            return Expunge(uids: try messageSelection(.uid))
        }
    }
}
