// Address lists as they are found in mail: RFC 5322 §3.4 with its obsolete forms (§4.4), and what senders do besides.

/// Reads From, To and their like. Never fails: what is no address becomes a mailbox without a domain, or nothing.
/// One pass, no look back; a group within a group is taken as part of the outer one.
package struct AddressParser {
    private var lexer: StructuredLexer
    private let limit: Int
    private var result: [Address] = []
    private var isInGroup = false

    private init(_ value: [UInt8], limits: MessageLimits) {
        lexer = StructuredLexer(value, limits: limits)
        limit = limits.addresses
    }

    /// - Parameter value: the value of a field, unfolded or not.
    /// - Returns: at most `limits.addresses` elements, and the end of a group that was open.
    package static func parse(_ value: [UInt8], limits: MessageLimits = .default) -> [Address] {
        var parser = AddressParser(value, limits: limits)
        while !parser.lexer.isAtEnd, parser.result.count < parser.limit { parser.element() }
        if parser.isInGroup { parser.result.append(.groupEnd) }
        return parser.result
    }

    /// Words up to a delimiter, joined as they were: with one space where there was white space.
    private struct Words {
        var text: [UInt8] = []
        /// With no space around dots, where RFC 5322 §4.4 lets it stand in a local part.
        var joined: [UInt8] = []
        var isEmpty = true
        /// More than one word, or a quoted one: no bare local part.
        var isPhrase = false
    }

    /// One address, group start, group end or separator; always moves on.
    private mutating func element() {
        lexer.lastComment = nil
        let words = words()
        switch lexer.current {
        case UInt8(ascii: "<"): angleAddress(name: words.isEmpty ? nil : words.text)
        case UInt8(ascii: "@"): plainAddress(words)
        case UInt8(ascii: ":"):
            lexer.advance()
            guard !isInGroup else { return }
            isInGroup = true
            result.append(.groupStart(name: words.text))
        case UInt8(ascii: ";"):
            incomplete(words)
            lexer.advance()
            if isInGroup { result.append(.groupEnd) }
            isInGroup = false
        default:
            incomplete(words)
            lexer.advance()
        }
    }

    /// Words without an `@`: an address of which only the display name is there, or only the local part.
    private mutating func incomplete(_ words: Words) {
        guard !words.isEmpty else { return }
        append(
            name: words.isPhrase ? words.text : nil, route: nil, localPart: words.isPhrase ? [] : words.text, domain: []
        )
    }

    private mutating func append(name: [UInt8]?, route: [UInt8]?, localPart: [UInt8], domain: [UInt8]) {
        let name = name ?? lexer.lastComment.map(AddressParser.trimmed)
        result.append(
            .mailbox(
                Address.Mailbox(
                    name: name?.isEmpty == true ? nil : name, route: route, localPart: localPart, domain: domain)))
    }

    private static func trimmed(_ text: [UInt8]) -> [UInt8] {
        var slice = text[...]
        while let first = slice.first, StructuredLexer.isSpace(first) { slice.removeFirst() }
        while let last = slice.last, StructuredLexer.isSpace(last) { slice.removeLast() }
        return Array(slice)
    }

    /// phrase, or dot-atom or quoted-string
    private mutating func words() -> Words {
        var words = Words()
        while true {
            let hadSpace = lexer.skipSpace()
            let piece: [UInt8]
            if lexer.current == UInt8(ascii: "\"") {
                piece = lexer.quotedString()
                words.isPhrase = true
            } else {
                piece = Array(lexer.run(until: AddressParser.endsWord))
                if piece.isEmpty { return words }
            }
            if hadSpace, !words.isEmpty {
                words.isPhrase = true
                words.text.append(0x20)
                if words.joined.last != UInt8(ascii: "."), piece.first != UInt8(ascii: ".") {
                    words.joined.append(0x20)
                }
            }
            words.text += piece
            words.joined += piece
            words.isEmpty = false
        }
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "<"), UInt8(ascii: "@"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
            UInt8(ascii: "("), UInt8(ascii: "\""), UInt8(ascii: ">"):
            true
        default: false
        }
    }

    /// addr-spec without angle brackets. When `<` follows, it was a display name that holds an `@`.
    private mutating func plainAddress(_ words: Words) {
        lexer.advance()
        let domain = self.domain()
        guard lexer.current == UInt8(ascii: "<") else {
            append(name: nil, route: nil, localPart: words.joined, domain: domain)
            skipSeparator()
            return
        }
        angleAddress(name: words.text + [UInt8(ascii: "@")] + domain)
    }

    /// `[1.2.3.4]` or words; ends before a delimiter.
    private mutating func domain() -> [UInt8] {
        var domain: [UInt8] = []
        lexer.skipSpace()
        if lexer.current == UInt8(ascii: "[") {
            domain += lexer.run { $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: ">") }
            if lexer.take(UInt8(ascii: "]")) { domain.append(UInt8(ascii: "]")) }
        }
        while true {
            let hadSpace = lexer.skipSpace()
            let isJoined = domain.isEmpty || !hadSpace || domain.last == 0x2e || lexer.current == 0x2e
            guard isJoined else { return domain }
            let piece = lexer.run(until: AddressParser.endsWord)
            if piece.isEmpty { return domain }
            domain += piece
        }
    }

    /// `<@route:local@domain>`
    private mutating func angleAddress(name: [UInt8]?) {
        lexer.advance()
        lexer.skipSpace()
        let route = lexer.current == UInt8(ascii: "@") ? self.route() : nil
        let local = words()
        var localPart = local.joined
        var domain: [UInt8] = []
        if lexer.take(UInt8(ascii: "@")) { domain = self.domain() }
        // A colon or anything else that must not stand here belongs to the local part, so that no text is lost.
        while let byte = lexer.current, byte != UInt8(ascii: ">"), byte != UInt8(ascii: ","), domain.isEmpty {
            lexer.advance()
            if byte != UInt8(ascii: "<"), byte != UInt8(ascii: "\"") { localPart.append(byte) }
            localPart += words().joined
            if lexer.take(UInt8(ascii: "@")) { domain = self.domain() }
        }
        let isClosed = lexer.take(UInt8(ascii: ">"))
        if isClosed || name == nil { lexer.skipSpace() }
        if !localPart.isEmpty || !domain.isEmpty || name != nil {
            append(name: name, route: route, localPart: localPart, domain: domain)
        }
        skipSeparator()
    }

    /// `@a,@b:`; nil when no colon follows, and then nothing of it is kept.
    private mutating func route() -> [UInt8]? {
        var route: [UInt8] = []
        while let byte = lexer.current {
            switch byte {
            case UInt8(ascii: ":"):
                lexer.advance()
                return route
            case UInt8(ascii: ">"), UInt8(ascii: "<"), UInt8(ascii: ";"): return nil
            default:
                if !StructuredLexer.isSpace(byte) { route.append(byte) }
                lexer.advance()
            }
        }
        return nil
    }

    /// Moves past a comma, and past anything that cannot begin or end an address.
    private mutating func skipSeparator() {
        lexer.skipSpace()
        while let byte = lexer.current, byte != UInt8(ascii: ";") {
            if byte == UInt8(ascii: ",") {
                lexer.advance()
                return
            }
            guard AddressParser.endsWord(byte), byte != UInt8(ascii: "<"), byte != UInt8(ascii: "\"") else { return }
            lexer.advance()
        }
    }
}
