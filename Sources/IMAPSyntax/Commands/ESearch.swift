// ESEARCH: a search of several mailboxes.

/// RFC 7377 §2.
package struct ESearch: Hashable, Sendable {
    /// Where to search; nil without IN is the selected mailbox.
    package var sources: [MailboxFilter]?
    /// What RETURN asks for; nil without RETURN.
    package var results: SearchResults?
    package var charset: String?
    package var key: SearchKey

    package init(
        sources: [MailboxFilter]? = nil, results: SearchResults? = nil, charset: String? = nil, key: SearchKey
    ) {
        self.sources = sources
        self.results = results
        self.charset = charset
        self.key = key
    }

    /// The search of each mailbox; its replies speak in UIDs.
    package var search: Search { Search(numbering: .uid, results: results, charset: charset, key: key) }
}

extension Lexer {
    // RFC 7377 §4: esearch = "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program
    mutating func esearch() throws(SyntaxError) -> ESearch {
        try space()
        let sources = try searchSourcesIfAny()
        let results = try searchResultsIfAny()
        let (charset, key) = try searchProgram()
        return ESearch(sources: sources, results: results, charset: charset, key: key)
    }

    // RFC 7377 §4: esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"
    private mutating func searchSourcesIfAny() throws(SyntaxError) -> [MailboxFilter]? {
        let start = position
        guard letters() == "IN", take(" ") else {
            position = start
            return nil
        }
        try expect("(")
        var sources: [MailboxFilter] = []
        repeat {
            guard peek() != UInt8(ascii: "(") else { throw SyntaxError("no scope option of ESEARCH is known") }
            guard sources.count < limits.arguments else { throw SyntaxError("too many mailbox specifiers") }
            let filter = try mailboxFilter()
            guard filter != .selectedDelayed else { throw SyntaxError("ESEARCH does not take selected-delayed") }
            sources.append(filter)
        } while takeSpace()
        try closeList()
        try space()
        return sources
    }
}
