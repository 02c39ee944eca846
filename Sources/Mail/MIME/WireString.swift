// Header text as IMAP strings: quoted where that is possible, else a literal.

/// Appends nstrings (RFC 3501 §9) to a response that is being built.
enum WireString {
    /// The longest quoted string; what is longer goes as a literal.
    static let longestQuoted = 1_000

    static let NIL = Array("NIL".utf8)

    /// `NIL` for nil.
    static func append(_ text: [UInt8]?, to output: inout [UInt8]) {
        guard let text else {
            output += NIL
            return
        }
        append(text[...], to: &output)
    }

    /// Quoted when it is 7-bit text of moderate length; else a literal. NUL, which no string can hold, is left out.
    static func append(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        var needsLiteral = text.count > longestQuoted
        var hasNUL = false
        for byte in text {
            if byte >= 0x80 || byte == 0x0d || byte == 0x0a { needsLiteral = true }
            if byte == 0 { hasNUL = true }
        }
        if hasNUL { return append(text.filter { $0 != 0 }[...], to: &output) }
        guard needsLiteral else { return appendQuoted(text, to: &output) }
        output.append(UInt8(ascii: "{"))
        output += String(text.count).utf8
        output += [UInt8(ascii: "}"), 0x0d, 0x0a]
        output += text
    }

    private static func appendQuoted(_ text: ArraySlice<UInt8>, to output: inout [UInt8]) {
        output.append(UInt8(ascii: "\""))
        for byte in text {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { output.append(UInt8(ascii: "\\")) }
            output.append(byte)
        }
        output.append(UInt8(ascii: "\""))
    }

    /// Text for people (subjects, display names): runs of white space and control characters count as one space.
    static func collapsed(_ text: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var isPending = false
        for byte in text {
            if byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a || byte == 0 {
                isPending = !result.isEmpty
            } else {
                if isPending { result.append(0x20) }
                isPending = false
                result.append(byte)
            }
        }
        return result
    }
}
