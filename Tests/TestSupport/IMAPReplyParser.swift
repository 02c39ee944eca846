// The strict reader of responses: whatever RFC 3501 §9 does not allow a server to send is an error here.

/// What a server must not have sent.
package struct IMAPProtocolError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}

/// Reads one response from the front of a buffer. `nil` is not complete; wrong throws.
package struct IMAPReplyParser {
    private let bytes: ArraySlice<UInt8>
    private let enabled: Set<String>
    private var position: Int

    private struct Incomplete: Error {}

    init(_ bytes: ArraySlice<UInt8>, enabled: Set<String> = []) {
        self.bytes = bytes
        self.enabled = enabled
        position = bytes.startIndex
    }

    /// - Parameter enabled: what ENABLED responses have named, in upper case: it changes what is lawful.
    /// - Returns: the response and the bytes it took.
    package static func parse(_ bytes: ArraySlice<UInt8>, enabled: Set<String> = []) throws -> (IMAPResponse, Int)? {
        var parser = IMAPReplyParser(bytes, enabled: enabled)
        do {
            let response = try parser.response()
            return (response, parser.position - bytes.startIndex)
        } catch is Incomplete {
            return nil
        }
    }

    private mutating func response() throws -> IMAPResponse {
        let tag = try word()
        if tag == "+" {
            try expect(" ")
            return IMAPResponse(tag: tag, text: try text(mayBeEmpty: true))
        }
        try expect(" ")
        guard tag == "*" || tag.utf8.allSatisfy(Self.isTag) else { throw wrong("a tag of \"\(tag)\"") }
        let start = position
        let condition = try word()
        if ["OK", "NO", "BAD", "BYE", "PREAUTH"].contains(condition) {
            try expect(" ")
            return try status(tag, condition)
        }
        guard tag == "*" else { throw wrong("a tagged response with \"\(condition)\"") }
        position = start
        var values = [try value()]
        while true {
            if try peek() == 0x20 {
                position += 1
            } else {
                // Threads stand side by side (RFC 5256 §5, thread-data).
                guard try peek() == UInt8(ascii: "("), values.count > 1, values[0] == .atom("THREAD") else { break }
            }
            values.append(try value())
        }
        try crlf()
        return try checked(IMAPResponse(tag: tag, values: values))
    }

    /// resp-text = ["[" resp-text-code "]" SP] text
    private mutating func status(_ tag: String, _ condition: String) throws -> IMAPResponse {
        guard tag == "*" || ["OK", "NO", "BAD"].contains(condition) else { throw wrong("a tagged \(condition)") }
        var code: String?
        if try peek() == UInt8(ascii: "[") {
            position += 1
            let start = position
            while try peek() != UInt8(ascii: "]") {
                guard try peek() >= 0x20, try peek() < 0x7f else { throw wrong("a control character in a code") }
                position += 1
            }
            code = String(decoding: bytes[start..<position], as: UTF8.self)
            guard code?.isEmpty == false else { throw wrong("an empty code") }
            position += 1
            try expect(" ")
        }
        return IMAPResponse(tag: tag, condition: condition, code: code, text: try text(mayBeEmpty: false))
    }

    /// Printable US-ASCII to the end of the line.
    private mutating func text(mayBeEmpty: Bool) throws -> String {
        let start = position
        while try peek() != 0x0d {
            guard try peek() >= 0x20, try peek() < 0x7f else { throw wrong("byte \(try peek()) in text") }
            position += 1
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        guard mayBeEmpty || !text.isEmpty else { throw wrong("a status response without text") }
        try crlf()
        return text
    }

    private mutating func value() throws -> IMAPValue {
        switch try peek() {
        case UInt8(ascii: "("):
            position += 1
            return .list(try list())
        case UInt8(ascii: "\""): return .string(try quoted())
        case UInt8(ascii: "{"): return .string(try literal())
        case UInt8(ascii: "~"):
            let start = position
            position += 1
            if try peek() == UInt8(ascii: "{") { return .string(try literal(mayHoldNUL: true)) }
            // A mailbox may be called so: `~` is a character of atoms.
            position = start
            return .atom(try atom())
        default:
            let atom = try atom()
            return atom == "NIL" ? .none : .atom(atom)
        }
    }

    private mutating func list() throws -> [IMAPValue] {
        var values: [IMAPValue] = []
        if try peek() == UInt8(ascii: ")") {
            position += 1
            return values
        }
        while true {
            values.append(try value())
            // Parts and addresses stand side by side without a space (RFC 3501 §9, body-type-mpart, env-from).
            if try peek() == UInt8(ascii: "("), case .list = values[values.count - 1] { continue }
            if try peek() == UInt8(ascii: ")") {
                position += 1
                return values
            }
            try expect(" ")
        }
    }

    /// An atom, with a leading `\` for flags; what stands in `[` and `]` belongs to it whole.
    private mutating func atom() throws -> String {
        let start = position
        if try peek() == UInt8(ascii: "\\") { position += 1 }
        if position > start, try peek() == UInt8(ascii: "*") { position += 1 }
        while true {
            let byte = try peek()
            if byte == UInt8(ascii: "[") {
                while try peek() != UInt8(ascii: "]") {
                    guard try peek() >= 0x20, try peek() < 0x7f else { throw wrong("a control character in a section") }
                    // The name of a header field may hold a bracket; then it is quoted.
                    if try peek() == UInt8(ascii: "\"") { _ = try quoted() } else { position += 1 }
                }
                position += 1
            } else if Self.isAtom(byte) {
                position += 1
            } else {
                break
            }
        }
        guard position > start else { throw wrong("byte \(try peek()) where a value should begin") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func quoted() throws -> [UInt8] {
        position += 1
        var result: [UInt8] = []
        while true {
            var byte = try peek()
            position += 1
            if byte == UInt8(ascii: "\"") {
                guard String(validating: result, as: UTF8.self) != nil else { throw wrong("a string of no UTF-8") }
                return result
            }
            if byte == UInt8(ascii: "\\") {
                byte = try peek()
                position += 1
                guard byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { throw wrong("a wrong escape") }
            } else if byte == 0 || byte == 0x0a || byte == 0x0d || byte == 0x7f || byte > 0x7f && !acceptsUTF8 {
                throw wrong("byte \(byte) in a quoted string")
            }
            result.append(byte)
        }
    }

    private mutating func literal(mayHoldNUL: Bool = false) throws -> [UInt8] {
        position += 1
        let start = position
        while try peek() != UInt8(ascii: "}") {
            guard try peek() >= 0x30, try peek() <= 0x39 else { throw wrong("a literal's size") }
            position += 1
        }
        guard let size = Int(String(decoding: bytes[start..<position], as: UTF8.self)) else {
            throw wrong("a literal's size")
        }
        position += 1
        try crlf()
        guard bytes.endIndex - position >= size else { throw Incomplete() }
        let result = Array(bytes[position..<position + size])
        position += size
        guard mayHoldNUL || !result.contains(0) else { throw wrong("NUL in a literal") }
        return result
    }

    /// The shapes of the responses that are data (RFC 3501 §7.2-7.4), and that there are no others.
    private func checked(_ response: IMAPResponse) throws -> IMAPResponse {
        let values = response.values
        let isRight: Bool
        switch response.name {
        case "EXISTS": isRight = values.count == 2
        case "RECENT": isRight = values.count == 2 && !isRev2
        case "EXPUNGE": isRight = values.count == 2 && response.number != 0 && !tellsVanished
        case "VANISHED": isRight = response.vanishedUIDs != nil && tellsVanished
        case "UIDFETCH":
            let items = values.count == 3 ? values[2].list : nil
            isRight = isUIDOnly && response.number != 0 && items.map { $0.count % 2 == 0 && !$0.isEmpty } ?? false
        case "FETCH":
            let items = values.count == 3 ? values[2].list : nil
            isRight =
                !isUIDOnly && response.number != 0 && items.map { $0.count % 2 == 0 && !$0.isEmpty } ?? false
        case "CAPABILITY": isRight = values.contains(.atom("IMAP4rev1"))
        case "LIST", "LSUB": isRight = (4...5).contains(values.count) && values[1].list != nil
        case "STATUS": isRight = values.count == 3 && values[2].list.map { $0.count % 2 == 0 } ?? false
        case "SEARCH": isRight = Self.isSearch(values.dropFirst()) && !isRev2
        case "ESEARCH": isRight = ESearchReply(response) != nil
        case "SORT": isRight = Self.isSearch(values.dropFirst())
        case "THREAD": isRight = values.dropFirst().allSatisfy(\.isThreadList)
        case "QUOTA": isRight = values.count == 3 && values[2].list.map { $0.count % 3 == 0 } ?? false
        case "METADATA": isRight = values.count >= 3
        case "QUOTAROOT": isRight = values.count >= 2
        case "FLAGS": isRight = values.count == 2 && values[1].list != nil
        case "NAMESPACE": isRight = values.count == 4
        case "ACL":
            isRight = values.count >= 2 && values.count % 2 == 0 && Self.areRights(values.dropFirst(3), every: 2)
        case "LISTRIGHTS": isRight = values.count >= 4 && Self.areRights(values.dropFirst(3), every: 1)
        case "MYRIGHTS": isRight = values.count == 3 && Self.areRights(values.dropFirst(2), every: 1)
        case "ID": isRight = values.count == 2
        case "ENABLED": isRight = true
        default: isRight = false
        }
        guard isRight else { throw wrong("the response \(values)") }
        return response
    }

    // MARK: Modes

    private var isUIDOnly: Bool { enabled.contains("UIDONLY") }
    private var isRev2: Bool { enabled.contains("IMAP4REV2") }
    private var acceptsUTF8: Bool { isRev2 || enabled.contains("UTF8=ACCEPT") }
    private var tellsVanished: Bool { enabled.contains("QRESYNC") || enabled.contains("UIDONLY") }

    /// Numbers, and behind them the highest MODSEQ (RFC 7162 §3.1.5).
    private static func isSearch(_ values: ArraySlice<IMAPValue>) -> Bool {
        var numbers = values
        if let list = numbers.last?.list {
            guard list.count == 2, list[0].text == "MODSEQ", (list[1].number ?? 0) > 0 else { return false }
            numbers = numbers.dropLast()
            guard !numbers.isEmpty else { return false }
        }
        return numbers.allSatisfy { ($0.number ?? 0) > 0 }
    }

    /// RFC 4314 §7: lowercase letters and digits; each at most once in the whole of LISTRIGHTS (§3.7).
    private static func areRights(_ values: ArraySlice<IMAPValue>, every step: Int) -> Bool {
        let rights = values.enumerated().filter { $0.offset % step == 0 }.map { $0.element.text }
        guard rights.allSatisfy({ $0?.allSatisfy { $0.isASCII && ($0.isLowercase || $0.isNumber) } == true }) else {
            return false
        }
        return step != 1 || Set(rights.compactMap { $0 }.joined()).count == rights.compactMap { $0 }.joined().count
    }

    // MARK: Bytes

    private func peek() throws -> UInt8 {
        guard position < bytes.endIndex else { throw Incomplete() }
        return bytes[position]
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        guard try peek() == UInt8(ascii: character) else {
            throw wrong("byte \(try peek()) where \"\(character)\" should be")
        }
        position += 1
    }

    private mutating func crlf() throws {
        try expect("\r")
        try expect("\n")
    }

    private mutating func word() throws -> String {
        let start = position
        while try peek() > 0x20, try peek() < 0x7f { position += 1 }
        guard position > start else { throw wrong("byte \(try peek()) at the beginning of a word") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private static func isAtom(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && !"(){%*\"\\".utf8.contains(byte)
    }

    private static func isTag(_ byte: UInt8) -> Bool { isAtom(byte) && byte != UInt8(ascii: "+") }

    private func wrong(_ what: String) -> IMAPProtocolError {
        let around = bytes[max(bytes.startIndex, position - 60)..<min(bytes.endIndex, position + 20)]
        return IMAPProtocolError("the server sent \(what), near: \(String(decoding: around, as: UTF8.self))")
    }
}
