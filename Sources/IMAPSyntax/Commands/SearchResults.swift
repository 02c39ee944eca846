// What RETURN asks of SEARCH, SORT and ESEARCH.

import Mail

/// The options between RETURN's parentheses (RFC 4466 §2.6.1). None at all is the same as ALL.
package struct SearchResults: Hashable, Sendable {
    package struct Options: OptionSet, Hashable, Sendable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        // RFC 4731 §3.1
        package static let min = Options(rawValue: 1 << 0)
        package static let max = Options(rawValue: 1 << 1)
        package static let all = Options(rawValue: 1 << 2)
        package static let count = Options(rawValue: 1 << 3)
        /// RFC 5182 §2.1.
        package static let save = Options(rawValue: 1 << 4)
        /// RFC 6203 §4.
        package static let relevancy = Options(rawValue: 1 << 5)
        // RFC 5267 §4.2, §4.3
        package static let context = Options(rawValue: 1 << 6)
        package static let update = Options(rawValue: 1 << 7)
    }

    package var options: Options
    /// Never together with `.all`.
    package var partial: PartialRange?
    /// UPDATE's: what is wanted of each new message among the results (RFC 5465 §7).
    package var updateItems: [FetchItem]

    package init(_ options: Options = [], partial: PartialRange? = nil, updateItems: [FetchItem] = []) {
        self.options = options
        self.partial = partial
        self.updateItems = updateItems
    }
}

/// Some of a list of results, by their places in it: 1 is the first, or counted from the end (RFC 9394 §3.1).
package struct PartialRange: Hashable, Sendable {
    /// As written. Neither is 0.
    package var first: UInt32
    package var second: UInt32
    /// Written with `-`: 1 is the last result.
    package var isFromEnd: Bool

    package init(_ first: UInt32, _ second: UInt32, isFromEnd: Bool = false) {
        self.first = first
        self.second = second
        self.isFromEnd = isFromEnd
    }

    /// The indices, in a list of `count`, of what the range names; empty when nothing is there.
    package func indices(in count: Int) -> Range<Int> {
        let low = min(Int(min(first, second)) - 1, count)
        let high = min(Int(max(first, second)), count)
        return isFromEnd ? count - high..<count - low : low..<high
    }
}

extension Lexer {
    // RFC 4466 §6: search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
    /// With the space that goes on to the next argument; nil, and nothing read, where no RETURN stands.
    mutating func searchResultsIfAny() throws(SyntaxError) -> SearchResults? {
        let start = position
        guard letters() == "RETURN", take(" ") else {
            position = start
            return nil
        }
        try expect("(")
        var results = SearchResults()
        if !take(")") {
            repeat { try searchResult(&results) } while takeSpace()
            try closeList()
        }
        guard results.partial == nil || !results.options.contains(.all) else {
            throw SyntaxError("RETURN takes PARTIAL or ALL, not both")
        }
        try space()
        return results
    }

    // search-return-opt
    private mutating func searchResult(_ results: inout SearchResults) throws(SyntaxError) {
        let name = letters()
        switch name {
        case "MIN": results.options.insert(.min)
        case "MAX": results.options.insert(.max)
        case "ALL": results.options.insert(.all)
        case "COUNT": results.options.insert(.count)
        case "SAVE": results.options.insert(.save)
        case "RELEVANCY": results.options.insert(.relevancy)
        case "CONTEXT": results.options.insert(.context)
        case "UPDATE":
            guard results.options.insert(.update).inserted else { throw SyntaxError("RETURN takes one UPDATE") }
            results.updateItems = try updateItems()
        case "PARTIAL":
            guard results.partial == nil else { throw SyntaxError("RETURN takes one PARTIAL") }
            try space()
            results.partial = try partialRange()
        default: throw SyntaxError("unknown RETURN option \"\(name)\"")
        }
    }

    // RFC 5465 §8: modifier-update = "UPDATE" ["(" fetch-att *(SP fetch-att) ")"]; its example in §7 has a space.
    private mutating func updateItems() throws(SyntaxError) -> [FetchItem] {
        if peek() == 0x20, position + 1 < bytes.count, bytes[position + 1] == UInt8(ascii: "(") { try space() }
        return peek() == UInt8(ascii: "(") ? try fetchItemList() : []
    }

    // RFC 9394 §4: partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number
    mutating func partialRange() throws(SyntaxError) -> PartialRange {
        let isFromEnd = take("-")
        let first = try nzNumber("a place")
        try expect(":")
        if isFromEnd { try expect("-") }
        return PartialRange(first, try nzNumber("a place"), isFromEnd: isFromEnd)
    }
}
