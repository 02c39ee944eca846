// SEARCH and UID SEARCH: the tree of keys.

package import Mail

/// RFC 3501 §6.4.4.
package struct Search: Hashable, Sendable {
    /// Which numbers the reply lists.
    package var numbering: MessageNumbering
    /// What RETURN asks for; nil without RETURN.
    package var results: SearchResults?
    /// As the client wrote it; nil is US-ASCII (and what is UTF-8 all the same may be taken as UTF-8).
    package var charset: String?
    /// Several keys side by side are one `.and`.
    package var key: SearchKey

    package init(
        numbering: MessageNumbering, results: SearchResults? = nil, charset: String? = nil, key: SearchKey
    ) {
        self.numbering = numbering
        self.results = results
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
    /// INTERNALDATE at least so many seconds ago (RFC 5032 §2).
    case older(UInt32)
    /// INTERNALDATE at most so many seconds ago (RFC 5032 §2).
    case younger(UInt32)
    /// The mailbox keeps save dates (RFC 8514 §4.3).
    case saveDateSupported
    /// RFC 8474 §5.1, §5.2.
    case emailID(String)
    case threadID(String)
    /// A mod-sequence of at least this (RFC 7162 §3.1.5); the entry that the key may name is not told apart.
    case modSeq(UInt64)
    /// What the key says, about (RFC 6203 §3).
    case fuzzy(SearchKey)
    /// A search that is stored under this name (RFC 5466 §3.1).
    case filter(String)
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

extension SearchKey {
    /// Whether the key or one within it is such.
    package func contains(_ isSuch: (SearchKey) -> Bool) -> Bool {
        if isSuch(self) { return true }
        return switch self {
        case .not(let inner), .fuzzy(let inner): inner.contains(isSuch)
        case .or(let first, let second): first.contains(isSuch) || second.contains(isSuch)
        case .and(let keys): keys.contains { $0.contains(isSuch) }
        default: false
        }
    }
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

/// Which of a message's dates: INTERNALDATE, that of the `Date:` field (RFC 3501 §6.4.4), or the day on which it came
/// into the mailbox (RFC 8514 §4.3). Time and zone are disregarded.
package enum SearchDate: Hashable, Sendable {
    case `internal`
    case sent
    case saved
}

package enum SearchComparison: Hashable, Sendable {
    case before
    case on
    /// On that day or later.
    case since
}

extension Lexer {
    // RFC 4466 §6: search = "SEARCH" [search-return-opts] SP search-program
    mutating func search(_ numbering: MessageNumbering) throws(SyntaxError) -> Search {
        try space()
        let results = try searchResultsIfAny()
        let (charset, key) = try searchProgram()
        return Search(numbering: numbering, results: results, charset: charset, key: key)
    }

    // RFC 4466 §6: search-program = ["CHARSET" SP charset SP] search-key *(SP search-key)
    mutating func searchProgram() throws(SyntaxError) -> (charset: String?, key: SearchKey) {
        var charset: String?
        let start = position
        if letters() == "CHARSET", takeSpace() {
            charset = try self.charset()
            try space()
        } else {
            position = start
        }
        return (charset, try searchKeys())
    }

    // RFC 5256 §5: charset = atom / quoted
    mutating func charset() throws(SyntaxError) -> String {
        let name = try astring("a charset")
        guard !name.isEmpty, name.count <= 64, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw SyntaxError("that is no charset's name")
        }
        return String(decoding: name, as: UTF8.self)
    }
}
