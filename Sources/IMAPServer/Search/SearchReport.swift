// What a search has found, as its reply and its `$` tell it.

package import IMAPSyntax

/// A pure value.
package struct SearchReport: Sendable {
    /// Indices of the view, in the order that the command asks for. Where only the first or the last are asked for, as
    /// `SearchExtent` says, the others may be missing.
    package let found: [Int]
    package let results: SearchResults
    /// 1 ... 100 for each message found.
    package let scores: [UInt8]?

    package init(_ found: [Int], for results: SearchResults, scores: [UInt8]? = nil) {
        self.found = found
        self.results = results
        self.scores = scores
    }

    private var options: SearchResults.Options { results.options }

    /// Nothing was asked for: that is ALL (RFC 4731 §3.1).
    private var wantsAll: Bool { options.contains(.all) || (options.isEmpty && results.partial == nil) }

    /// SAVE alone has no response (RFC 5182 §2.1).
    package var hasResponse: Bool { options != .save || results.partial != nil }

    private var partial: Range<Int>? { results.partial.map { $0.indices(in: found.count) } }

    /// The data of the ESEARCH response.
    /// - Parameters:
    ///   - number: of the message at an index.
    ///   - modSeq: of the message at an index; nil unless the search is by mod-sequence.
    package func data(number: (Int) -> UInt32, modSeq: ((Int) -> UInt64)? = nil) -> [SearchDatum] {
        var data: [SearchDatum] = []
        if let first = found.first, options.contains(.min) { data.append(.min(number(first))) }
        if let last = found.last, options.contains(.max) { data.append(.max(number(last))) }
        if options.contains(.count) { data.append(.count(found.count)) }
        if wantsAll, !found.isEmpty { data.append(.all(NumberRuns(found.map(number)))) }
        if let range = results.partial, let partial {
            data.append(.partial(range, NumberRuns(found[partial].map(number))))
        }
        if options.contains(.relevancy), let scores {
            data.append(.relevancy(Array(scores[partial ?? 0..<scores.count])))
        }
        if let modSeq, let highest = told.lazy.map(modSeq).max() { data.append(.modSeq(highest)) }
        return data
    }

    /// The messages whose highest mod-sequence is told (RFC 4731 §3.2), and that `$` means (RFC 5182 §2.4, RFC 9394
    /// §3.2): where neither ALL nor COUNT stands beside MIN, MAX and PARTIAL, those that they name; else all.
    package var told: [Int] {
        let some: SearchResults.Options = [.min, .max]
        guard !options.intersection(some).isEmpty || results.partial != nil,
            options.isDisjoint(with: [.all, .count])
        else { return found }
        var told = Array(found[partial ?? 0..<0])
        if options.contains(.min), let first = found.first { told.append(first) }
        if options.contains(.max), let last = found.last { told.append(last) }
        return told
    }
}

extension PartialRange {
    /// The messages at these places (RFC 9394 §3.3).
    /// - Parameter messages: ascending and disjoint.
    package func selected(of messages: [Range<Int>]) -> [Range<Int>] {
        let places = indices(in: messages.reduce(0) { $0 + $1.count })
        var start = 0
        return messages.compactMap { range in
            let part = places.clamped(to: start..<start + range.count)
            let offset = range.lowerBound - start
            start += range.count
            return part.isEmpty ? nil : part.lowerBound + offset..<part.upperBound + offset
        }
    }
}

/// How many of the messages a search needs to find.
package enum SearchExtent: Hashable, Sendable {
    case all
    /// At least so many, counted from the mailbox's first message.
    case first(Int)
    /// At least so many, counted from its last.
    case last(Int)

    package init(_ results: SearchResults?) {
        guard let results, results.options.isSubset(of: [.min, .max, .save, .context]) else {
            self = .all
            return
        }
        let ends = results.options.intersection([.min, .max])
        let depth = results.partial.map { Int(max($0.first, $0.second)) }
        switch (ends, results.partial?.isFromEnd) {
        case (.min, nil): self = .first(1)
        case (.max, nil): self = .last(1)
        case ([], false), (.min, false): self = .first(depth ?? 1)
        case ([], true), (.max, true): self = .last(depth ?? 1)
        default: self = .all
        }
    }

    var isAll: Bool { self == .all }

    func isReached(by count: Int) -> Bool {
        switch self {
        case .all: false
        case .first(let wanted), .last(let wanted): count >= wanted
        }
    }
}
