// What the substring index says of a needle: where it may be found, and of which messages it knows nothing.
//
// Theory. A text that holds the needle holds each of the needle's trigrams, so the bodies that have them all are a
// superset of those that have the needle: nothing is missed, and whoever asks looks at the candidates' text for what is
// too much. The index keeps the header and the rest of a message apart, and no text runs from one into the other, so
// TEXT asks both and takes what either has. Of a needle of whole words `IndexedWords` says where it certainly stands:
// that message need not be looked at.

import GRDB
package import Mail

/// What of a message is looked at: SEARCH's HEADER-like keys, BODY, and TEXT, which is both.
package enum IndexedPart: Hashable, Sendable {
    case header, body, text
}

/// The bodies that can hold a needle. Whoever looks at no others misses nothing; each is still to be verified.
package struct IndexCandidates: Sendable {
    /// Ascending. Bodies that are gone since may be among them.
    package let bodies: [BodyID]
    /// Those of them that can hold it in the header, and in the rest; nil where only one of both was asked about.
    var headers: [BodyID]?
    var texts: [BodyID]?
    /// Those of them whose texts hold it for certain.
    var certain: [BodyID] = []
    /// The last body that the index knows: all before it are known too.
    let last: BodyID

    /// Whether the index knows this body; of one that it does not know it says nothing.
    package func isIndexed(_ body: BodyID) -> Bool { body <= last }

    /// False only when the body cannot hold the needle. O(log n).
    package func mayContain(_ body: BodyID) -> Bool {
        !isIndexed(body) || Self.contains(bodies, body)
    }

    /// True only when a text that BODY looks at holds the needle: there is nothing to verify.
    package func surelyHolds(_ body: BodyID) -> Bool { Self.contains(certain, body) }

    /// False only when the body's header cannot hold it.
    package func mayBeInHeader(_ body: BodyID) -> Bool {
        !isIndexed(body) || headers.map { Self.contains($0, body) } ?? true
    }

    /// False only when nothing but the header can hold it.
    package func mayBeInText(_ body: BodyID) -> Bool {
        !isIndexed(body) || texts.map { Self.contains($0, body) } ?? true
    }

    private static func contains(_ bodies: [BodyID], _ body: BodyID) -> Bool {
        var (low, high) = (0, bodies.count)
        while low < high {
            let middle = (low + high) / 2
            if bodies[middle] < body { low = middle + 1 } else { high = middle }
        }
        return low < bodies.count && bodies[low] == body
    }
}

/// A body with its likeness to what was looked for.
package struct RankedBody: Hashable, Sendable {
    package let body: BodyID
    /// 1 ... 100, 100 when all of it is there (RFC 6203 §4).
    package let score: Int
}

extension AccountReader {
    /// Bodies that can hold the needle in that part; nil when the index cannot tell: the needle has fewer than three
    /// characters, there is no index yet, or it is damaged (`check` tells of it).
    package func candidates(_ needle: SearchNeedle, in part: IndexedPart) throws -> IndexCandidates? {
        try unlessDamaged { try found(needle, in: part) }
    }

    private func unlessDamaged<T>(_ ask: () throws -> T?) throws -> T? {
        do {
            return try ask()
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CORRUPT {
            return nil
        }
    }

    private func found(_ needle: SearchNeedle, in part: IndexedPart) throws -> IndexCandidates? {
        let queries = Trigrams.queries(needle)
        guard !queries.isEmpty, let last = try db.lastIndexed() else { return nil }
        let all = queries.joined(separator: " AND ")
        let large = try db.largeBodies()
        let headers = part == .body ? [] : Self.union(try db.headersMatching(all), large)
        let texts = part == .header ? [] : Self.union(try db.bodiesMatching(all), large)
        let words = part == .header ? nil : IndexedWords.query(needle)
        let certain = try words.map { try db.bodiesWithWords($0) } ?? []
        func ids(_ bodies: [Int64]) -> [BodyID] { bodies.map { BodyID(rawValue: $0) } }
        let isText = part == .text
        return IndexCandidates(
            bodies: ids(Self.union(headers, texts)), headers: isText ? ids(headers) : nil,
            texts: isText ? ids(texts) : nil, certain: ids(certain), last: last)
    }

    /// Bodies that are like the needle, the likest first, for FUZZY (RFC 6203): those that hold at least half of its
    /// trigrams, by the share that they hold; nil when the index cannot tell. What it does not know yet is not there.
    package func rank(_ needle: SearchNeedle, in part: IndexedPart) throws -> [RankedBody]? {
        try unlessDamaged { try ranked(needle, in: part) }
    }

    /// Bodies that can hold the needle, or something that is that many edits away from it: a letter changed, added,
    /// left out, or swapped with its neighbour. None is missed; nil when the index cannot tell.
    package func candidates(
        near needle: SearchNeedle, edits: Int, in part: IndexedPart
    ) throws -> IndexCandidates? {
        guard edits > 0 else { return try candidates(needle, in: part) }
        return try unlessDamaged {
            let queries = Trigrams.queries(needle)
            // An edit takes away four trigrams at most: those that have one of two neighbours in them.
            let least = queries.count - 4 * edits
            guard least > 0, let last = try db.lastIndexed() else { return nil }
            let near = try shares(of: queries, in: part).filter { $0.value >= least }.keys.sorted()
            let looked = Self.union(near, try db.largeBodies())
            return IndexCandidates(bodies: looked.map { BodyID(rawValue: $0) }, last: last)
        }
    }

    private func ranked(_ needle: SearchNeedle, in part: IndexedPart) throws -> [RankedBody]? {
        let queries = Trigrams.queries(needle)
        guard !queries.isEmpty, try db.lastIndexed() != nil else { return nil }
        return try shares(of: queries, in: part).filter { $0.value * 2 >= queries.count }
            .map { RankedBody(body: BodyID(rawValue: $0.key), score: max(1, $0.value * 100 / queries.count)) }
            .sorted { $0.score != $1.score ? $0.score > $1.score : $0.body < $1.body }
    }

    /// How many of the queries each body answers.
    private func shares(of queries: [String], in part: IndexedPart) throws -> [Int64: Int] {
        var counts: [Int64: Int] = [:]
        for query in queries {
            let bodies: [Int64]
            switch part {
            case .header: bodies = try db.headersMatching(query)
            case .body: bodies = try db.bodiesMatching(query)
            case .text: bodies = Self.union(try db.headersMatching(query), try db.bodiesMatching(query))
            }
            for body in bodies { counts[body, default: 0] += 1 }
        }
        return counts
    }

    /// - Parameters: both ascending.
    private static func union(_ left: [Int64], _ right: [Int64]) -> [Int64] {
        var result: [Int64] = []
        result.reserveCapacity(left.count + right.count)
        var (first, second) = (0, 0)
        while first < left.count, second < right.count {
            let (one, other) = (left[first], right[second])
            result.append(min(one, other))
            if one <= other { first += 1 }
            if other <= one { second += 1 }
        }
        result += left[first...]
        result += right[second...]
        return result
    }
}

extension Database {
    /// nil when nothing is indexed, or only under an older version.
    func lastIndexed() throws -> BodyID? {
        try first(
            "SELECT indexed_to FROM search_state WHERE version = ? AND indexed_to > 0", .int(SearchIndexState.version)
        ) { BodyID(rawValue: $0.int(0)) }
    }

    /// Ascending: FTS5 gives rows in the order of their rowids.
    fileprivate func headersMatching(_ query: String) throws -> [Int64] {
        var found: [Int64] = []
        try each("SELECT rowid FROM search_header WHERE search_header MATCH ?", .text(query)) {
            found.append($0.int(0))
        }
        return found
    }

    /// Those with too much text for the index, ascending.
    fileprivate func largeBodies() throws -> [Int64] {
        var found: [Int64] = []
        try each("SELECT body_id FROM search_large ORDER BY body_id") { found.append($0.int(0)) }
        return found
    }

    fileprivate func bodiesMatching(_ query: String) throws -> [Int64] {
        var found: [Int64] = []
        try each("SELECT rowid FROM search_body WHERE search_body MATCH ?", .text(query)) { found.append($0.int(0)) }
        return found
    }

    /// Those that hold the phrase, ascending.
    fileprivate func bodiesWithWords(_ query: String) throws -> [Int64] {
        var found: [Int64] = []
        try each("SELECT rowid FROM search_words WHERE search_words MATCH ?", .text(query)) { found.append($0.int(0)) }
        return found
    }
}
