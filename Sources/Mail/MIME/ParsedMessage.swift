// What one pass over a message finds out: everything that FETCH answers without reading the message again.

/// The result of `MessageParser`. The wire forms hold no NUL and can be sent as they are.
package struct ParsedMessage: Hashable, Sendable {
    /// In bytes. A Message-ID that is longer is none (RFC 5322 §2.1.1), of a subject that is longer this much is
    /// decoded.
    package static let longestMessageID = 998
    package static let longestSubject = 16_384

    /// Bytes of the message.
    package var size: Int
    /// Bytes of its header, with the empty line.
    package var headerSize: Int
    package var parts: PartIndex
    /// What follows the word ENVELOPE (RFC 3501 §7.4.2): `("date" "subject" ((...)) ...)`.
    package var envelope: [UInt8]
    /// What follows the word BODYSTRUCTURE, extension data included.
    package var bodyStructure: [UInt8]
    /// Message-ID with its angle brackets; nil when there is none.
    package var messageID: [UInt8]?
    /// The Date field; nil when it is missing or nonsense.
    package var sentDate: MailDate?
    /// Decoded and on one line; empty when there is none.
    package var subject: String
    /// What SORT and THREAD need of it.
    package var summary: MessageSummary
}

extension ParsedMessage {
    /// What parsing the message under these header lines would give. They are whole, are none of those that parsing
    /// looks at, and the message does not begin with white space, which would continue the last of them.
    /// - Returns: nil where the limits on headers might be met.
    package func under(_ lines: [UInt8], limits: MessageLimits = .default) -> ParsedMessage? {
        let headers = parts.parts.reduce(lines.count) { $0 + $1.header.count }
        guard headers <= min(limits.headerBlock, limits.allHeaders), let parts = parts.under(lines) else { return nil }
        var result = self
        result.size += lines.count
        result.headerSize += lines.count
        result.parts = parts
        return result
    }
}
