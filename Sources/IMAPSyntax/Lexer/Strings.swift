// Strings: quoted, literal, astring, nstring.

import Mail

extension Lexer {
    // RFC 3501 §9: astring = 1*ASTRING-CHAR / string
    mutating func astring(_ what: String) throws(SyntaxError) -> [UInt8] {
        if let atom = run(of: CharacterSet.isASTRING) { return atom }
        return try string(what)
    }

    // RFC 3501 §9: list-mailbox = 1*list-char / string
    mutating func listMailbox() throws(SyntaxError) -> MailboxPatternArgument {
        if let atom = run(of: CharacterSet.isList) { return MailboxPatternArgument(bytes: atom) }
        return MailboxPatternArgument(bytes: try string("a mailbox name or pattern"))
    }

    private mutating func run(of isMember: (UInt8) -> Bool) -> [UInt8]? {
        let start = position
        while position < bytes.count, isMember(bytes[position]) { position += 1 }
        return position > start ? Array(bytes[start..<position]) : nil
    }

    // RFC 3501 §9: nstring = string / nil
    mutating func nstring(_ what: String) throws(SyntaxError) -> [UInt8]? {
        if let byte = peek(), byte.isASCIILetter {
            guard letters() == "NIL" else { throw SyntaxError("expected \(what) or NIL") }
            return nil
        }
        return try string(what)
    }

    // RFC 3501 §9: string = quoted / literal
    mutating func string(_ what: String) throws(SyntaxError) -> [UInt8] {
        switch peek() {
        case UInt8(ascii: "\""): return try quoted()
        case UInt8(ascii: "{"): return try literal()
        default: throw SyntaxError("expected \(what) \(place)")
        }
    }

    // RFC 3501 §9: quoted = DQUOTE *QUOTED-CHAR DQUOTE
    //
    // Beyond the grammar, text in valid UTF-8 is accepted (RFC 9051 §9 and many clients of old).
    mutating func quoted() throws(SyntaxError) -> [UInt8] {
        try expect("\"")
        var result: [UInt8] = []
        var start = position
        var plain = true
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                result += bytes[start..<position]
                position += 1
                guard plain || isUTF8(result) else {
                    throw SyntaxError("a quoted string holds bytes that are not UTF-8")
                }
                return result
            case UInt8(ascii: "\\"):
                result += bytes[start..<position]
                position += 1
                guard let escaped = peek(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
                    throw SyntaxError("in a quoted string only \" and \\ may follow a \\")
                }
                start = position
                position += 1
            case 0, 0x0a, 0x0d: throw SyntaxError("a quoted string must not hold CR, LF or NUL; send a literal")
            default:
                if byte >= 0x80 { plain = false }
                position += 1
            }
        }
        throw SyntaxError("a quoted string has no end")
    }

    // RFC 7888 §8: literal = "{" number ["+"] "}" CRLF *CHAR8
    mutating func literal(mayHoldNUL: Bool = false) throws(SyntaxError) -> [UInt8] {
        try expect("{")
        let count = Int(try number("the size of a literal"))
        _ = take("+")
        try expect("}")
        guard take("\r"), take("\n") else { throw SyntaxError("a literal's size is followed by the end of the line") }
        guard count <= bytes.count - position else { throw SyntaxError("the command ends too early") }
        let result = Array(bytes[position..<position + count])
        position += count
        guard mayHoldNUL || !result.contains(0) else { throw SyntaxError("a literal must not hold NUL") }
        return result
    }
}

func isUTF8(_ bytes: [UInt8]) -> Bool { String(validating: bytes, as: UTF8.self) != nil }
