// SEARCH and UID SEARCH: the tree of keys.

package import Mail

/// RFC 3501 §6.4.4.
package struct Search: Hashable, Sendable {
    /// Which numbers the reply lists.
    package var numbering: MessageNumbering
    /// As the client wrote it; nil is US-ASCII (and what is UTF-8 all the same may be taken as UTF-8).
    package var charset: String?
    /// Several keys side by side are one `.and`.
    package var key: SearchKey

    package init(numbering: MessageNumbering, charset: String? = nil, key: SearchKey) {
        self.numbering = numbering
        self.charset = charset
        self.key = key
    }
}

/// One search key (RFC 3501 §6.4.4). At most `SyntaxLimits.nesting` deep. Text is in `Search.charset`, undecoded.
///
/// Keys that are but another's negation are spelled out: UNSEEN is `.not(.flag(.seen))`, NEW is `.and([.recent,
/// .not(.flag(.seen))])`, OLD is `.not(.recent)`.
package indirect enum SearchKey: Hashable, Sendable {
    case all
    case messages(MessageSelection)
    case flag(SystemFlags)
    case keyword(Keyword)
    case recent
    case text(SearchField, [UInt8])
    /// The day is in days since 1970-01-01, as `MailDate.dayNumber` gives it.
    case date(SearchDate, SearchComparison, day: Int)
    /// More bytes than.
    case larger(UInt64)
    /// Fewer bytes than.
    case smaller(UInt64)
    case not(SearchKey)
    case or(SearchKey, SearchKey)
    /// At least one.
    case and([SearchKey])
}

/// Where SEARCH looks for text (RFC 3501 §6.4.4).
package enum SearchField: Hashable, Sendable {
    case bcc, cc, from, subject, to
    /// The body alone.
    case body
    /// Header and body.
    case text
    /// The field of this name; with an empty string every message that has it.
    case header(String)
}

/// Which of a message's dates: INTERNALDATE, or that of the `Date:` field (RFC 3501 §6.4.4). Time and zone are
/// disregarded.
package enum SearchDate: Hashable, Sendable {
    case `internal`
    case sent
}

package enum SearchComparison: Hashable, Sendable {
    case before
    case on
    /// On that day or later.
    case since
}

extension Lexer {
    // RFC 3501 §9: search = "SEARCH" [SP "CHARSET" SP astring] 1*(SP search-key)
    mutating func search(_ numbering: MessageNumbering) throws(SyntaxError) -> Search {
        try space()
        var charset: String?
        let start = position
        if letters() == "CHARSET", takeSpace() {
            let name = try astring("a charset")
            guard name.count <= 64, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
                throw SyntaxError("that is no charset's name")
            }
            charset = String(decoding: name, as: UTF8.self)
            try space()
        } else {
            position = start
        }
        var keys: SearchKeyParser = SearchKeyParser()
        let key = try keys.list(&self, depth: 0)
        return Search(numbering: numbering, charset: charset, key: key)
    }
}

/// Parses the tree, counting keys and depth.
private struct SearchKeyParser {
    private var count = 0

    // search-key *(SP search-key)
    mutating func list(_ lexer: inout Lexer, depth: Int) throws(SyntaxError) -> SearchKey {
        var keys: [SearchKey] = []
        repeat { keys.append(try key(&lexer, depth: depth)) } while lexer.takeSpace()
        return keys.count == 1 ? keys[0] : .and(keys)
    }

    // RFC 3501 §9: search-key
    private mutating func key(_ lexer: inout Lexer, depth: Int) throws(SyntaxError) -> SearchKey {
        guard depth < lexer.limits.nesting else { throw SyntaxError("SEARCH is nested too deep") }
        count += 1
        guard count <= lexer.limits.searchKeys else { throw SyntaxError("SEARCH has too many keys") }
        switch lexer.peek() {
        case UInt8(ascii: "("):
            try lexer.expect("(")
            let group = try list(&lexer, depth: depth + 1)
            try lexer.closeList()
            return group
        case .some(let byte) where byte.isASCIIDigit || byte == UInt8(ascii: "*"):
            return .messages(.sequence(try lexer.messageSet()))
        default: break
        }
        let name = lexer.letters()
        switch name {
        case "NOT":
            try lexer.space()
            return .not(try key(&lexer, depth: depth + 1))
        case "OR":
            try lexer.space()
            let first = try key(&lexer, depth: depth + 1)
            try lexer.space()
            return .or(first, try key(&lexer, depth: depth + 1))
        default:
            if let key = SearchKeyParser.plain(name) { return key }
            try SearchKeyParser.expectArgument(&lexer, of: name)
            return try SearchKeyParser.argument(&lexer, of: name)
        }
    }

    /// The keys that take nothing.
    private static func plain(_ name: String) -> SearchKey? {
        switch name {
        case "ALL": .all
        case "ANSWERED": .flag(.answered)
        case "DELETED": .flag(.deleted)
        case "DRAFT": .flag(.draft)
        case "FLAGGED": .flag(.flagged)
        case "SEEN": .flag(.seen)
        case "UNANSWERED": .not(.flag(.answered))
        case "UNDELETED": .not(.flag(.deleted))
        case "UNDRAFT": .not(.flag(.draft))
        case "UNFLAGGED": .not(.flag(.flagged))
        case "UNSEEN": .not(.flag(.seen))
        case "RECENT": .recent
        case "NEW": .and([.recent, .not(.flag(.seen))])
        case "OLD": .not(.recent)
        default: nil
        }
    }

    private static let withArgument: Set<String> = [
        "BCC", "CC", "FROM", "SUBJECT", "TO", "BODY", "TEXT", "HEADER", "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON",
        "SENTSINCE", "KEYWORD", "UNKEYWORD", "LARGER", "SMALLER", "UID",
    ]

    private static func expectArgument(_ lexer: inout Lexer, of name: String) throws(SyntaxError) {
        guard withArgument.contains(name) else {
            throw SyntaxError(name.isEmpty ? "expected a SEARCH key" : "unknown SEARCH key \"\(name)\"")
        }
        try lexer.space()
    }

    /// The keys that take one thing, the space before it already read.
    private static func argument(_ lexer: inout Lexer, of name: String) throws(SyntaxError) -> SearchKey {
        switch name {
        case "BCC": return .text(.bcc, try lexer.astring("text"))
        case "CC": return .text(.cc, try lexer.astring("text"))
        case "FROM": return .text(.from, try lexer.astring("text"))
        case "SUBJECT": return .text(.subject, try lexer.astring("text"))
        case "TO": return .text(.to, try lexer.astring("text"))
        case "BODY": return .text(.body, try lexer.astring("text"))
        case "TEXT": return .text(.text, try lexer.astring("text"))
        case "HEADER":
            let field = try lexer.headerFieldName()
            try lexer.space()
            return .text(.header(field), try lexer.astring("text"))
        case "BEFORE": return .date(.internal, .before, day: try lexer.day())
        case "ON": return .date(.internal, .on, day: try lexer.day())
        case "SINCE": return .date(.internal, .since, day: try lexer.day())
        case "SENTBEFORE": return .date(.sent, .before, day: try lexer.day())
        case "SENTON": return .date(.sent, .on, day: try lexer.day())
        case "SENTSINCE": return .date(.sent, .since, day: try lexer.day())
        case "KEYWORD": return .keyword(try lexer.keyword())
        case "UNKEYWORD": return .not(.keyword(try lexer.keyword()))
        case "LARGER": return .larger(try lexer.number64("a size"))
        case "SMALLER": return .smaller(try lexer.number64("a size"))
        default: return .messages(.uid(try lexer.messageSet()))
        }
    }
}
