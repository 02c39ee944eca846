// SORT and UID SORT.

/// RFC 5256 §3; with RETURN, RFC 5267 §3.
package struct Sort: Hashable, Sendable {
    /// Which numbers the reply lists.
    package var numbering: MessageNumbering
    /// What RETURN asks for; nil without RETURN.
    package var results: SearchResults?
    /// At least one; what they leave equal is in the order of the mailbox.
    package var criteria: [SortCriterion]
    package var charset: String
    package var key: SearchKey

    package init(
        numbering: MessageNumbering, results: SearchResults? = nil, criteria: [SortCriterion], charset: String,
        key: SearchKey
    ) {
        self.numbering = numbering
        self.results = results
        self.criteria = criteria
        self.charset = charset
        self.key = key
    }

    /// The search whose results are sorted.
    package var search: Search { Search(numbering: numbering, results: results, charset: charset, key: key) }
}

package struct SortCriterion: Hashable, Sendable {
    package var key: SortKey
    /// Descending.
    package var isReverse: Bool

    package init(_ key: SortKey, isReverse: Bool = false) {
        self.key = key
        self.isReverse = isReverse
    }
}

/// What messages are sorted by (RFC 5256 §3, RFC 5957 §4, RFC 6203 §6). The raw value is the name on the wire.
package enum SortKey: String, CaseIterable, Hashable, Sendable {
    case arrival = "ARRIVAL"
    case cc = "CC"
    case date = "DATE"
    case from = "FROM"
    case size = "SIZE"
    case subject = "SUBJECT"
    case to = "TO"
    case displayFrom = "DISPLAYFROM"
    case displayTo = "DISPLAYTO"
    case relevancy = "RELEVANCY"
}

extension Lexer {
    // RFC 5256 §5: sort = ["UID" SP] "SORT" SP sort-criteria SP search-criteria; RFC 5267 §5: extended-sort
    mutating func sort(_ numbering: MessageNumbering) throws(SyntaxError) -> Sort {
        try space()
        let results = try searchResultsIfAny()
        let criteria = try sortCriteria()
        try space()
        let charset = try charset()
        try space()
        return Sort(
            numbering: numbering, results: results, criteria: criteria, charset: charset, key: try searchKeys())
    }

    // RFC 5256 §5: sort-criteria = "(" sort-criterion *(SP sort-criterion) ")"
    private mutating func sortCriteria() throws(SyntaxError) -> [SortCriterion] {
        try expect("(")
        var criteria: [SortCriterion] = []
        repeat {
            guard criteria.count < limits.sortCriteria else { throw SyntaxError("too many sort criteria") }
            var name = letters()
            let isReverse = name == "REVERSE"
            if isReverse {
                try space()
                name = letters()
            }
            guard let key = SortKey(rawValue: name) else { throw SyntaxError("unknown sort criterion \"\(name)\"") }
            criteria.append(SortCriterion(key, isReverse: isReverse))
        } while takeSpace()
        try closeList()
        return criteria
    }
}
