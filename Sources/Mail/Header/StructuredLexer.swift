// Reads the pieces of structured header fields: atoms, quoted strings, comments, white space (RFC 5322 §3.2).

/// Walks once over the value of a structured field. Lenient: what is open at the end counts as closed, and no input
/// makes it stop, look back or nest on the stack.
struct StructuredLexer {
    let bytes: [UInt8]
    private(set) var position = 0
    let commentDepth: Int
    /// Text of the last comment that was skipped, backslashes undone.
    var lastComment: [UInt8]?

    init(_ bytes: [UInt8], limits: MessageLimits = .default) {
        self.bytes = bytes
        commentDepth = max(1, limits.commentDepth)
    }

    var isAtEnd: Bool { position >= bytes.count }
    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func advance() { if position < bytes.count { position += 1 } }

    /// Skips one `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        position += 1
        return true
    }

    /// Skips white space and comments; true when there were any.
    @discardableResult
    mutating func skipSpace() -> Bool {
        let start = position
        while let byte = current {
            if StructuredLexer.isSpace(byte) {
                position += 1
            } else if byte == UInt8(ascii: "(") {
                lastComment = comment()
            } else {
                break
            }
        }
        return position > start
    }

    /// The comment that begins here. Comments deeper than the limit are one flat text.
    private mutating func comment() -> [UInt8] {
        var text: [UInt8] = []
        var depth = 0
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "("):
                if depth > 0 { text.append(byte) }
                if depth < commentDepth { depth += 1 }
            case UInt8(ascii: ")"):
                depth -= 1
                if depth == 0 { return text }
                text.append(byte)
            case UInt8(ascii: "\\"):
                if let next = current {
                    text.append(next)
                    position += 1
                }
            default: text.append(byte)
            }
        }
        return text
    }

    /// The quoted string that begins here, without quotes and backslashes.
    mutating func quotedString() -> [UInt8] {
        position += 1
        var text: [UInt8] = []
        while let byte = current {
            position += 1
            if byte == UInt8(ascii: "\"") { break }
            if byte == UInt8(ascii: "\\"), let next = current {
                text.append(next)
                position += 1
            } else {
                text.append(byte)
            }
        }
        return text
    }

    /// Bytes up to one that `isEnd` names, or white space.
    mutating func run(until isEnd: (UInt8) -> Bool) -> ArraySlice<UInt8> {
        let start = position
        while let byte = current, !StructuredLexer.isSpace(byte), !isEnd(byte) { position += 1 }
        return bytes[start..<position]
    }

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
}
