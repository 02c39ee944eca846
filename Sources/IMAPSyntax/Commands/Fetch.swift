// FETCH and UID FETCH.

package import Mail

/// RFC 3501 §6.4.5.
package struct Fetch: Hashable, Sendable {
    package var messages: MessageSelection
    /// At least one, in the client's order, macros already spelled out.
    package var items: [FetchItem]
    package var modifiers: FetchModifiers

    package init(messages: MessageSelection, items: [FetchItem], modifiers: FetchModifiers = .init()) {
        self.messages = messages
        self.items = items
        self.modifiers = modifiers
    }
}

/// One thing to fetch of each message (RFC 3501 §6.4.5).
package enum FetchItem: Hashable, Sendable {
    case envelope
    case flags
    case internalDate
    case size
    case uid
    /// RFC 7162 §3.1.4.2.
    case modSeq
    /// `BODY` without a section: BODYSTRUCTURE without its extension data.
    case body
    case bodyStructure
    case rfc822
    case rfc822Header
    case rfc822Text
    /// `BODY[section]`, or `BODY.PEEK[section]`, which does not set \Seen.
    case section(Section, peek: Bool, partial: FetchPartial?)
    /// `BINARY[1.2]`: a part, the whole message for an empty path, without its transfer encoding; the partial is of the
    /// decoded octets (RFC 3516 §4.2).
    case binary([UInt32], peek: Bool, partial: FetchPartial?)
    case binarySize([UInt32])
    /// RFC 8474 §5.3.
    case emailID
    case threadID
    /// RFC 8514 §4.2.
    case saveDate
    /// RFC 8970 §3.1; lazy: only if it is there already.
    case preview(lazy: Bool)

    /// True when fetching it sets \Seen.
    package var setsSeen: Bool {
        switch self {
        case .rfc822, .rfc822Text: true
        case .section(_, let peek, _), .binary(_, let peek, _): !peek
        default: false
        }
    }
}

/// `<offset.count>`: the part of a section's bytes that is wanted (RFC 3501 §6.4.5), up to 2^63 - 1.
package struct FetchPartial: Hashable, Sendable {
    package var offset: UInt64
    /// Never 0.
    package var count: UInt64

    package init(offset: UInt64, count: UInt64) {
        self.offset = offset
        self.count = count
    }

    /// The part of `length` bytes that this names; empty at the end when it begins past it. Never overflows.
    package func range(in length: Int) -> Range<Int> {
        let start = min(Int(clamping: offset), length)
        return start..<start + min(Int(clamping: count), length - start)
    }
}

extension Lexer {
    // RFC 4466 §2.4: fetch = "FETCH" SP sequence-set SP (… fetch-att …) [fetch-modifiers]
    mutating func fetch(_ numbering: MessageNumbering) throws(SyntaxError) -> Fetch {
        try space()
        let messages = try messageSelection(numbering)
        try space()
        let items = try fetchItems()
        return Fetch(messages: messages, items: items, modifiers: try fetchModifiers(messages))
    }

    // RFC 3501 §9: "ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")"
    private mutating func fetchItems() throws(SyntaxError) -> [FetchItem] {
        if peek() == UInt8(ascii: "(") { return try fetchItemList() }
        let start = position
        if let macro = fetchMacro() { return macro }
        position = start
        return [try fetchItem(isAlone: true)]
    }

    // "(" fetch-att *(SP fetch-att) ")"
    mutating func fetchItemList() throws(SyntaxError) -> [FetchItem] {
        try expect("(")
        var items: [FetchItem] = []
        repeat {
            guard items.count < limits.arguments else { throw SyntaxError("too many FETCH items") }
            items.append(try fetchItem(isAlone: false))
        } while takeSpace()
        try closeList()
        return items
    }

    // RFC 3501 §6.4.5: "ALL" / "FULL" / "FAST"
    private mutating func fetchMacro() -> [FetchItem]? {
        switch letters() {
        case "ALL": [.flags, .internalDate, .size, .envelope]
        case "FAST": [.flags, .internalDate, .size]
        case "FULL": [.flags, .internalDate, .size, .envelope, .body]
        default: nil
        }
    }

    // RFC 3501 §9: fetch-att
    /// - Parameter isAlone: no parentheses stand around it.
    private mutating func fetchItem(isAlone: Bool) throws(SyntaxError) -> FetchItem {
        let name = fetchItemName()
        if peek() == UInt8(ascii: "["), name == "BODY" || name == "BODY.PEEK" {
            let section = try section()
            return .section(section, peek: name == "BODY.PEEK", partial: try fetchPartial())
        }
        switch name {
        case "BINARY", "BINARY.PEEK":
            let path = try sectionBinary()
            return .binary(path, peek: name == "BINARY.PEEK", partial: try fetchPartial())
        case "BINARY.SIZE": return .binarySize(try sectionBinary())
        case "EMAILID": return .emailID
        case "THREADID": return .threadID
        case "SAVEDATE": return .saveDate
        case "PREVIEW": return try preview(isAlone: isAlone)
        case "ENVELOPE": return .envelope
        case "FLAGS": return .flags
        case "INTERNALDATE": return .internalDate
        case "RFC822.SIZE": return .size
        case "UID": return .uid
        case "MODSEQ": return .modSeq
        case "BODY": return .body
        case "BODYSTRUCTURE": return .bodyStructure
        case "RFC822": return .rfc822
        case "RFC822.HEADER": return .rfc822Header
        case "RFC822.TEXT": return .rfc822Text
        case "": throw SyntaxError("expected a FETCH item")
        default: throw SyntaxError("unknown FETCH item \"\(name)\"")
        }
    }

    /// Letters, digits and dots, in upper case.
    private mutating func fetchItemName() -> String {
        let start = position
        while let byte = peek(), byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "."),
            position - start < 32
        {
            position += 1
        }
        return String(decoding: bytes[start..<position], as: UTF8.self).asciiUppercased
    }

    // RFC 9051 §9: partial = "<" number64 "." nz-number64 ">"
    private mutating func fetchPartial() throws(SyntaxError) -> FetchPartial? {
        guard take("<") else { return nil }
        let offset = try number64("the offset of a partial")
        try expect(".")
        let count = try nzNumber64("the length of a partial")
        try expect(">")
        return FetchPartial(offset: offset, count: count)
    }
}
