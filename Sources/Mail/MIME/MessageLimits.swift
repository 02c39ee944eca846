// How much of a message is looked at: what lies beyond is kept and served, but not understood.

/// The bounds of parsing one message. Nothing is refused for them: beyond a bound the parser stops to look inside.
package struct MessageLimits: Hashable, Sendable {
    /// Parts within parts; a part at this depth is not opened.
    package var depth = 100
    /// Parts of one message in all; beyond it the rest belongs to the last part.
    package var parts = 10_000
    /// Bytes of one header block that are read for their fields.
    package var headerBlock = 1 << 20
    /// Bytes of all header blocks of one message that are read for their fields.
    package var allHeaders = 10 << 20
    /// Parameters of one Content-Type or Content-Disposition, continuations of RFC 2231 counted singly.
    package var parameters = 128
    /// Addresses of one header field.
    package var addresses = 10_000
    /// Comments within comments.
    package var commentDepth = 32
    /// Bytes of a boundary that are compared (RFC 2046 §5.1.1 allows 70).
    package var boundary = 80

    package init() {}
    package static let `default` = MessageLimits()
}
