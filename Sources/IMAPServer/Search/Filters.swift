// FILTER: searches that are stored, put in place of their names before the command is looked at any further.
//
// Theory. A filter's keys stand for its name as one key, as if in parentheses: NOT FILTER x is what x does not find
// (RFC 5466 §3.1 has "verbatim", which would let NOT take hold of the first key alone). What comes out is the command
// as the client could have written it, so whatever is true of keys (capabilities, sequence numbers, mod-sequences,
// bounds) is true of stored ones, and a search that is kept up to date keeps the keys that the filter had at its start.
//
// A name that stands within its own value leads nowhere, as does one that nobody has. Each value is read and parsed
// once; what is put together of them is bounded as a command is, since a few values that name each other twice would
// otherwise double with each step.

import IMAPSyntax
import Mail
import MailStore

/// The filters that a search needs, by their names in lower case.
struct Filters: Sendable {
    enum Problem: Error, Hashable, Sendable {
        /// RFC 5466 §3.1: not there, not for this user, without end, or no search.
        case undefined(String)
        case tooLarge
    }

    private struct Value: Sendable {
        let key: SearchKey
        let size: Int
    }

    private var values: [String: Value] = [:]
    private var asked: Set<String> = []
    private let limits: SyntaxLimits
    /// Bytes of the values that may be put into one search.
    private let room: Int

    init(limits: SyntaxLimits, room: Int) {
        self.limits = limits
        self.room = room
    }

    /// - Returns: the names in the key that have not been asked for yet, in lower case.
    mutating func ask(for key: SearchKey) -> Set<String> {
        var names: Set<String> = []
        _ = key.contains { key in
            if case .filter(let name) = key { names.insert(name.asciiLowercased) }
            return false
        }
        names.subtract(asked)
        asked.formUnion(names)
        return names
    }

    /// Takes up what was asked for and is there; what is no search counts as not there.
    /// - Returns: the names in it that are to be asked for next.
    mutating func add(_ found: [String: [UInt8]]) -> Set<String> {
        var next: Set<String> = []
        for (name, value) in found {
            guard case .success(let key) = Filter.parse(value, limits: limits) else { continue }
            values[name] = Value(key: key, size: value.count)
            next.formUnion(ask(for: key))
        }
        return next
    }

    /// The key without filters.
    func expanding(_ key: SearchKey) throws(Problem) -> SearchKey {
        var size = 0
        var count = 0
        return try expanding(key, within: [], depth: 0, &size, &count)
    }

    /// A filter adds a level, so the tree may become twice as deep as a client may write one.
    private func expanding(
        _ key: SearchKey, within names: [String], depth: Int, _ size: inout Int, _ count: inout Int
    ) throws(Problem) -> SearchKey {
        count += 1
        guard count <= limits.searchKeys, depth < 2 * limits.nesting else { throw .tooLarge }
        switch key {
        case .filter(let name):
            let known = name.asciiLowercased
            guard let value = values[known], !names.contains(known) else { throw .undefined(name) }
            size += value.size
            guard size <= room else { throw .tooLarge }
            return try expanding(value.key, within: names + [known], depth: depth + 1, &size, &count)
        case .not(let inner): return .not(try expanding(inner, within: names, depth: depth + 1, &size, &count))
        case .fuzzy(let inner): return .fuzzy(try expanding(inner, within: names, depth: depth + 1, &size, &count))
        case .or(let first, let second):
            return .or(
                try expanding(first, within: names, depth: depth + 1, &size, &count),
                try expanding(second, within: names, depth: depth + 1, &size, &count))
        case .and(let keys):
            var expanded: [SearchKey] = []
            for key in keys { expanded.append(try expanding(key, within: names, depth: depth + 1, &size, &count)) }
            return .and(expanded)
        default: return key
        }
    }
}

extension Session {
    /// The command with its filters' keys in their places; nil when that cannot be, and the reply is written.
    func withoutFilters(_ tagged: TaggedCommand) async throws(ConnectionEnded) -> TaggedCommand? {
        guard let key = tagged.command.searchKey, key.contains(\.isFilter) else { return tagged }
        do {
            var tagged = tagged
            tagged.command.searchKey = try await withoutFilters(key, charset: tagged.command.searchCharset)
            return tagged
        } catch {
            let problem = (error as? Filters.Problem).map { Refusal(Session.refusal(of: $0)) }
            let completion = completion(for: problem ?? error, command: tagged.command.name)
            if completion.condition == .no { forgetSaved(by: tagged.command.searchResults) }
            try await finish(tagged.tag, completion)
            if completion.condition == .bad { countBad() }
            return nil
        }
    }

    private func withoutFilters(_ key: SearchKey, charset: String?) async throws -> SearchKey {
        try require("FILTERS")
        // RFC 5466 §3.1, last paragraph.
        guard charset.map({ ["utf-8", "us-ascii"].contains($0.asciiLowercased) }) ?? true else {
            throw Refusal(.bad("Filters are in UTF-8.", code: .badCharset(["US-ASCII", "UTF-8"])))
        }
        let account = try loggedIn().account
        var filters = Filters(limits: limits.syntax, room: limits.literalSum)
        var wanted = filters.ask(for: key)
        while !wanted.isEmpty { wanted = filters.add(try await stored(wanted, of: account)) }
        return try filters.expanding(key)
    }

    /// The values of those of the filters that are there: one's own go before those for everybody.
    private func stored(_ names: Set<String>, of account: AccountStore) async throws(StoreError) -> [String: [UInt8]] {
        let entries = Dictionary(uniqueKeysWithValues: names.map { ($0, Filter.entries(of: $0)) })
        let wanted = Set(entries.values.joined())
        let annotations = try await account.annotations(of: nil, for: account.id) { entry, _ in
            wanted.contains(entry) ? true : nil
        }
        let values = Dictionary(annotations.map { ($0.entry, $0.value) }) { first, _ in first }
        return entries.compactMapValues { entries in entries.lazy.compactMap { values[$0] ?? nil }.first }
    }

    private static func refusal(of problem: Filters.Problem) -> Completion {
        switch problem {
        case .undefined(let name): .no("There is no such filter, or no search in it.", code: .undefinedFilter(name))
        case .tooLarge: .no("With its filters the search is too large.", code: .limit)
        }
    }
}

extension SearchKey {
    fileprivate var isFilter: Bool { if case .filter = self { true } else { false } }
}
