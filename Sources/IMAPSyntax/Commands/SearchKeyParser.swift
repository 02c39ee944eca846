// From SEARCH's keys to their tree, within bounds of number and depth.

import Mail

/// Parses the tree, counting keys and depth.
struct SearchKeyParser {
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
        case .some(let byte) where byte.isASCIIDigit || byte == UInt8(ascii: "*") || byte == UInt8(ascii: "$"):
            return .messages(try lexer.messageSelection(.sequence))
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
        case "FUZZY":
            try lexer.space()
            return .fuzzy(try key(&lexer, depth: depth + 1))
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
        case "SAVEDATESUPPORTED": .saveDateSupported
        default: nil
        }
    }

    private static let withArgument: Set<String> = [
        "BCC", "CC", "FROM", "SUBJECT", "TO", "BODY", "TEXT", "HEADER", "BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON",
        "SENTSINCE", "KEYWORD", "UNKEYWORD", "LARGER", "SMALLER", "UID", "OLDER", "YOUNGER",
        "SAVEDBEFORE", "SAVEDON", "SAVEDSINCE", "EMAILID", "THREADID", "MODSEQ", "FILTER",
    ]

    private static func expectArgument(_ lexer: inout Lexer, of name: String) throws(SyntaxError) {
        guard withArgument.contains(name) else {
            throw SyntaxError(name.isEmpty ? "expected a SEARCH key" : "unknown SEARCH key \"\(name)\"")
        }
        try lexer.space()
    }

    /// The keys that take one thing, the space before it already read.
    private static func argument(_ lexer: inout Lexer, of name: String) throws(SyntaxError) -> SearchKey {
        if let field = field(name) { return .text(field, try lexer.astring("text")) }
        if let (date, comparison) = date(name) { return .date(date, comparison, day: try lexer.day()) }
        switch name {
        case "HEADER":
            let field = try lexer.headerFieldName()
            try lexer.space()
            return .text(.header(field), try lexer.astring("text"))
        case "KEYWORD": return .keyword(try lexer.keyword())
        case "UNKEYWORD": return .not(.keyword(try lexer.keyword()))
        case "LARGER": return .larger(try lexer.number64("a size"))
        case "SMALLER": return .smaller(try lexer.number64("a size"))
        case "OLDER": return .older(try lexer.nzNumber("a number of seconds"))
        case "YOUNGER": return .younger(try lexer.nzNumber("a number of seconds"))
        case "EMAILID": return .emailID(try lexer.objectID())
        case "THREADID": return .threadID(try lexer.objectID())
        case "MODSEQ": return .modSeq(try lexer.modSeqOfSearch())
        case "FILTER": return .filter(try lexer.filterName())
        default: return .messages(try lexer.messageSelection(.uid))
        }
    }

    private static func field(_ name: String) -> SearchField? {
        switch name {
        case "BCC": .bcc
        case "CC": .cc
        case "FROM": .from
        case "SUBJECT": .subject
        case "TO": .to
        case "BODY": .body
        case "TEXT": .text
        default: nil
        }
    }

    private static func date(_ name: String) -> (SearchDate, SearchComparison)? {
        switch name {
        case "BEFORE": (.internal, .before)
        case "ON": (.internal, .on)
        case "SINCE": (.internal, .since)
        case "SENTBEFORE": (.sent, .before)
        case "SENTON": (.sent, .on)
        case "SENTSINCE": (.sent, .since)
        case "SAVEDBEFORE": (.saved, .before)
        case "SAVEDON": (.saved, .on)
        case "SAVEDSINCE": (.saved, .since)
        default: nil
        }
    }
}

extension Lexer {
    // search-key *(SP search-key)
    mutating func searchKeys() throws(SyntaxError) -> SearchKey {
        var parser = SearchKeyParser()
        return try parser.list(&self, depth: 0)
    }

    // RFC 8474 §7: objectid = 1*255(ALPHA / DIGIT / "_" / "-")
    fileprivate mutating func objectID() throws(SyntaxError) -> String {
        let bytes = try astring("an object's identifier")
        guard !bytes.isEmpty, bytes.count <= 255,
            bytes.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || $0 == 0x5f || $0 == 0x2d })
        else { throw SyntaxError("an object's identifier is made of letters, digits, _ and -") }
        return String(decoding: bytes, as: UTF8.self)
    }

    // RFC 7162 §7: search-modsequence = "MODSEQ" [SP entry-name SP entry-type-req] SP mod-sequence-valzer
    fileprivate mutating func modSeqOfSearch() throws(SyntaxError) -> UInt64 {
        if peek() == UInt8(ascii: "\"") {
            let entry = try quoted()
            guard String(decoding: entry.prefix(7), as: UTF8.self).asciiLowercased == "/flags/", entry.count > 7 else {
                throw SyntaxError("MODSEQ names an entry as \"/flags/...\"")
            }
            try space()
            guard ["PRIV", "SHARED", "ALL"].contains(letters()) else {
                throw SyntaxError("after MODSEQ's entry stands priv, shared or all")
            }
            try space()
        }
        return try number64("a mod-sequence")
    }
}
