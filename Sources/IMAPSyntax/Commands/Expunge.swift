// EXPUNGE and UID EXPUNGE.

package import Mail

/// RFC 3501 §6.4.3, RFC 4315 §2.1.
package struct Expunge: Hashable, Sendable {
    /// The UIDs that UID EXPUNGE limits itself to; nil for plain EXPUNGE.
    package var uids: MessageSet<UID>?

    package init(uids: MessageSet<UID>? = nil) { self.uids = uids }
}

extension Lexer {
    // RFC 4315 §4: uid-expunge = "UID" SP "EXPUNGE" SP sequence-set
    mutating func expunge(_ numbering: MessageNumbering) throws(SyntaxError) -> Expunge {
        switch numbering {
        case .sequence: return Expunge()
        case .uid:
            try space()
            return Expunge(uids: try messageSet())
        }
    }
}
