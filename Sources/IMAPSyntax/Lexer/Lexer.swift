// The cursor over one command's bytes, and the smallest pieces of the grammar.
//
// Every function that begins with a grammar element's name demands that element at `position` and leaves `position`
// behind it, or throws; the `take…` functions try. Nothing is undone after a throw: the command is lost then. Every
// loop moves `position` forward, so that the whole is linear; recursion exists in SEARCH alone and is counted there.

import Mail
import NIOCore

/// Why a command cannot be understood, in printable ASCII.
struct SyntaxError: Error {
    let reason: String

    /// - Parameter reason: may quote the client; what is not printable ASCII is replaced.
    init(_ reason: String) {
        self.reason = String(
            decoding: reason.utf8.prefix(200).map { $0 >= 0x20 && $0 < 0x7f ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }
}

struct Lexer {
    let bytes: [UInt8]
    var position = 0
    let limits: SyntaxLimits

    init(_ buffer: ByteBuffer, limits: SyntaxLimits) {
        self.bytes = Array(buffer.readableBytesView)
        self.limits = limits
    }

    var atEnd: Bool { position >= bytes.count }

    func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(truncatingIfNeeded: character.value) else {
            return false
        }
        position += 1
        return true
    }

    /// A space that something follows. One before the end of a list or of the line is left to `closeList` and `end`.
    mutating func takeSpace() -> Bool {
        guard position + 1 < bytes.count, bytes[position] == 0x20 else { return false }
        guard bytes[position + 1] != 0x20, bytes[position + 1] != UInt8(ascii: ")") else { return false }
        position += 1
        return true
    }

    mutating func expect(_ character: Unicode.Scalar) throws(SyntaxError) {
        guard take(character) else { throw SyntaxError("expected \"\(character)\" \(place)") }
    }

    mutating func space() throws(SyntaxError) {
        guard take(" ") else {
            throw SyntaxError(atEnd ? "the command ends too early" : "expected a space \(place)")
        }
    }

    /// `)`; a space before it is forgiven, as some clients send it and other servers take it.
    mutating func closeList() throws(SyntaxError) {
        _ = take(" ")
        try expect(")")
    }

    /// The end of the command; spaces before it are forgiven likewise.
    mutating func end() throws(SyntaxError) {
        while take(" ") {}
        guard atEnd else { throw SyntaxError("unexpected text \(place)") }
    }

    /// Where the cursor is, for a reason.
    var place: String { atEnd ? "at the end of the command" : "at byte \(position + 1)" }

    /// ASCII letters, as many as follow (at most 32), in upper case.
    mutating func letters() -> String {
        let start = position
        while position < bytes.count, bytes[position].isASCIILetter, position - start < 32 { position += 1 }
        return String(decoding: bytes[start..<position].lazy.map(\.asciiUppercased), as: UTF8.self)
    }

    // RFC 3501 §9: tag = 1*<any ASTRING-CHAR except "+">
    mutating func tag() throws(SyntaxError) -> String {
        let start = position
        while position < bytes.count, CharacterSet.isTag(bytes[position]) {
            position += 1
            guard position - start <= limits.tagLength else { throw SyntaxError("the tag is too long") }
        }
        guard position > start else { throw SyntaxError("a command begins with a tag") }
        guard position == bytes.count || bytes[position] == 0x20 else {
            throw SyntaxError("the tag holds a character that no tag may hold")
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // RFC 3501 §9: atom = 1*ATOM-CHAR
    mutating func atom(_ what: String) throws(SyntaxError) -> String {
        let start = position
        while position < bytes.count, CharacterSet.isAtom(bytes[position]) { position += 1 }
        guard position > start else { throw SyntaxError("expected \(what) \(place)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    // RFC 3501 §9: number = 1*DIGIT, below 4,294,967,296
    mutating func number(_ what: String) throws(SyntaxError) -> UInt32 {
        guard let value = UInt32(exactly: try number64(what)) else { throw SyntaxError("\(what) is too large") }
        return value
    }

    // RFC 3501 §9: nz-number = digit-nz *DIGIT
    mutating func nzNumber(_ what: String) throws(SyntaxError) -> UInt32 {
        guard peek() != UInt8(ascii: "0") else { throw SyntaxError("\(what) must not be 0 nor begin with 0") }
        return try number(what)
    }

    // RFC 9051 §9: nz-number64 = digit-nz *DIGIT
    mutating func nzNumber64(_ what: String) throws(SyntaxError) -> UInt64 {
        guard peek() != UInt8(ascii: "0") else { throw SyntaxError("\(what) must not be 0 nor begin with 0") }
        return try number64(what)
    }

    // RFC 9051 §9: number64 = 1*DIGIT, below 2^63
    mutating func number64(_ what: String) throws(SyntaxError) -> UInt64 {
        let start = position
        var value: UInt64 = 0
        while position < bytes.count, bytes[position].isASCIIDigit {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(bytes[position] &- 0x30))
            guard !overflow, !carry, sum <= UInt64(Int64.max) else { throw SyntaxError("\(what) is too large") }
            value = sum
            position += 1
        }
        guard position > start else { throw SyntaxError("expected \(what), a number, \(place)") }
        return value
    }
}

/// The character classes of RFC 3501 §9.
enum CharacterSet {
    /// ATOM-CHAR: what is no atom-special.
    static func isAtom(_ byte: UInt8) -> Bool { isASTRING(byte) && byte != UInt8(ascii: "]") }

    /// ASTRING-CHAR = ATOM-CHAR / resp-specials.
    static func isASTRING(_ byte: UInt8) -> Bool {
        guard byte > 0x20, byte < 0x7f else { return false }
        return switch byte {
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "*"),
            UInt8(ascii: "\""), UInt8(ascii: "\\"):
            false
        default: true
        }
    }

    static func isTag(_ byte: UInt8) -> Bool { isASTRING(byte) && byte != UInt8(ascii: "+") }

    /// list-char = ATOM-CHAR / list-wildcards / resp-specials.
    static func isList(_ byte: UInt8) -> Bool {
        isASTRING(byte) || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "*")
    }
}
