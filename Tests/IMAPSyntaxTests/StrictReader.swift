// A client's reader of responses that forgives nothing: what it reads differently from what was meant is an injection.

/// A piece of a response (RFC 3501 §4).
indirect enum Token: Equatable {
    case atom(String)
    case string([UInt8])
    case list([Token])

    static func text(_ text: String) -> Token { .string(Array(text.utf8)) }
}

/// One response line with its literals.
enum Response: Equatable {
    case status(tag: String, condition: String, code: [Token]?, text: String)
    case continuation(String)
    case data([Token])
}

struct NotStrict: Error { var what: String }

struct StrictReader {
    private let bytes: [UInt8]
    private var position = 0

    private init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Every response in `bytes`.
    static func read(_ bytes: [UInt8]) throws -> [Response] {
        var reader = StrictReader(bytes)
        var responses: [Response] = []
        while reader.position < bytes.count { responses.append(try reader.response()) }
        return responses
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func expect(_ text: String) throws {
        guard bytes[position...].starts(with: text.utf8) else { throw NotStrict(what: "no \(text) at \(position)") }
        position += text.utf8.count
    }

    private mutating func response() throws -> Response {
        if next == UInt8(ascii: "+") {
            try expect("+ ")
            return .continuation(try text())
        }
        let tag = try atom()
        try expect(" ")
        let start = position
        if let word = try? atom(), ["OK", "NO", "BAD", "BYE", "PREAUTH"].contains(word) {
            try expect(" ")
            return try status(tag, word)
        }
        guard tag == "*" else { throw NotStrict(what: "data with a tag") }
        position = start
        var tokens: [Token] = []
        repeat { tokens.append(try token()) } while try more()
        try expect("\r\n")
        return .data(tokens)
    }

    private mutating func status(_ tag: String, _ condition: String) throws -> Response {
        var code: [Token]?
        if next == UInt8(ascii: "[") {
            try expect("[")
            var tokens: [Token] = []
            repeat { tokens.append(try token(in: .code)) } while try more()
            try expect("] ")
            code = tokens
        }
        let text = try text()
        guard !text.isEmpty else { throw NotStrict(what: "no text") }
        return .status(tag: tag, condition: condition, code: code, text: text)
    }

    private mutating func text() throws -> String {
        let start = position
        while let byte = next, byte != 0x0d {
            guard byte >= 0x20, byte < 0x7f else { throw NotStrict(what: "byte \(byte) in text") }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        try expect("\r\n")
        return text
    }

    private mutating func more() throws -> Bool {
        guard next == 0x20 else { return false }
        position += 1
        return true
    }

    private enum Place { case data, code }

    private mutating func token(in place: Place = .data) throws -> Token {
        switch next {
        case UInt8(ascii: "("):
            position += 1
            var items: [Token] = []
            if next != UInt8(ascii: ")") { repeat { items.append(try token(in: place)) } while try more() }
            try expect(")")
            return .list(items)
        case UInt8(ascii: "\""): return .string(try quoted())
        case UInt8(ascii: "{"): return .string(try literal())
        default: return .atom(try atom(in: place))
        }
    }

    private mutating func quoted() throws -> [UInt8] {
        position += 1
        var result: [UInt8] = []
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return result
            case UInt8(ascii: "\\"):
                guard let escaped = next, escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
                    throw NotStrict(what: "lone backslash")
                }
                position += 1
                result.append(escaped)
            case 0, 0x0a, 0x0d: throw NotStrict(what: "control in a quoted string")
            default: result.append(byte)
            }
        }
        throw NotStrict(what: "no end of a quoted string")
    }

    private mutating func literal() throws -> [UInt8] {
        position += 1
        var size = 0
        while let byte = next, (0x30...0x39).contains(byte) {
            size = size * 10 + Int(byte - 0x30)
            position += 1
        }
        try expect("}\r\n")
        guard position + size <= bytes.count else { throw NotStrict(what: "short literal") }
        defer { position += size }
        let result = Array(bytes[position..<position + size])
        guard !result.contains(0) else { throw NotStrict(what: "NUL in a literal") }
        return result
    }

    /// An atom, a number, a flag; in data also a section, brackets and what is in them included.
    private mutating func atom(in place: Place = .data) throws -> String {
        let start = position
        if next == UInt8(ascii: "\\") { position += 1 }
        while let byte = next {
            if place == .data, byte == UInt8(ascii: "[") {
                position += 1
                if next != UInt8(ascii: "]") { repeat { _ = try token(in: .code) } while try more() }
                try expect("]")
            } else if byte > 0x20, byte < 0x7f, !"(){\"\\]".utf8.contains(byte) {
                position += 1
            } else {
                break
            }
        }
        guard position > start else { throw NotStrict(what: "no atom at \(position)") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }
}
