// A search whose client hears of each change to its results (RFC 5267 §4.3).
//
// Theory. A context knows which messages its client believes to be the results, and in which order. When the view
// moves, the messages that are new or changed are judged again, those that are gone are taken out, and what differs is
// told as REMOVEFROM and ADDTO, in places counted as the client counts while it applies them. Sequence numbers and `$`
// in the keys were made UIDs when the command came (RFC 5267 §4.3); so a message's answer changes only with the
// message, but for keys that speak of time or of `*`: with those all messages are judged again.

import IMAPSyntax
import Mail
import MailStore

/// Moved by `Session.updateContexts` alone.
struct SearchContext: Sendable {
    /// Of the command that asked, and of every ESEARCH response.
    let tag: String
    let numbering: MessageNumbering
    let search: Search
    /// nil for a search: its results are in the mailbox's order.
    let criteria: [SortCriterion]?
    /// With time or `*` among the keys.
    let isVolatile: Bool
    /// What is told of each new message among the results (RFC 5465 §7).
    let items: [FetchItem]
    /// The results as the client has them; only of a sort are they in the order told.
    private(set) var members: Set<UID>
    private(set) var order: [UID]
    /// Messages that could not be judged when they changed: the store was in trouble.
    var pending: Set<UID> = []

    /// - Parameter found: the results of the command, in its order.
    init(tag: String, search: Search, criteria: [SortCriterion]?, in mailbox: SelectedMailbox, found: [Int]) {
        self.tag = tag
        numbering = search.numbering
        items = search.results?.updateItems.map(\.peeking) ?? []
        self.criteria = criteria
        let uids = found.map { mailbox.view[$0].uid }
        members = Set(uids)
        order = criteria == nil ? [] : uids
        var search = search
        search.key = search.key.frozen(in: mailbox)
        self.search = search
        isVolatile = search.key.contains(\.isVolatile)
    }

    // MARK: Changes

    /// - Returns: what takes these messages out of the client's list; nil when none is in it.
    mutating func remove(_ uids: some Sequence<UID>, number: (UID) -> UInt32?) -> SearchDatum? {
        let gone = Set(uids).intersection(members)
        guard !gone.isEmpty else { return nil }
        defer {
            members.subtract(gone)
            if criteria != nil { order.removeAll(where: gone.contains) }
        }
        guard criteria != nil else {
            return .removeFrom([.init(place: 0, numbers: NumberRuns(gone.compactMap(number).sorted()))])
        }
        // From the end, so that no place is moved by one told before it.
        return .removeFrom(
            SearchContext.runs(order, of: gone).reversed().map { run in
                .init(
                    place: UInt32(truncatingIfNeeded: run.lowerBound + 1),
                    numbers: NumberRuns(order[run].compactMap(number)))
            })
    }

    /// - Parameter sorted: of a sort, all results in order, these among them.
    /// - Returns: what puts these messages into the client's list.
    mutating func add(_ uids: Set<UID>, sorted: [UID], number: (UID) -> UInt32?) -> SearchDatum? {
        let new = uids.subtracting(members)
        guard !new.isEmpty else { return nil }
        members.formUnion(new)
        guard criteria != nil else {
            return .addTo([.init(place: 0, numbers: NumberRuns(new.compactMap(number).sorted()))])
        }
        order = sorted
        return .addTo(
            SearchContext.runs(sorted, of: new).map { run in
                .init(
                    place: UInt32(truncatingIfNeeded: run.lowerBound + 1),
                    numbers: NumberRuns(sorted[run].compactMap(number)))
            })
    }

    /// Where in the list these stand, neighbours together.
    private static func runs(_ list: [UID], of uids: Set<UID>) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        for (index, uid) in list.enumerated() where uids.contains(uid) {
            runs.append(index: index)
        }
        return runs
    }
}

extension SearchKey {
    /// With sequence numbers and `$` made the UIDs that they mean now. Recursion is bounded by the parser.
    fileprivate func frozen(in mailbox: SelectedMailbox) -> SearchKey {
        switch self {
        case .messages(.uid): self
        case .messages(let selection): SearchKey.uids(mailbox.uids(named: selection))
        case .not(let inner): .not(inner.frozen(in: mailbox))
        case .fuzzy(let inner): .fuzzy(inner.frozen(in: mailbox))
        case .or(let first, let second): .or(first.frozen(in: mailbox), second.frozen(in: mailbox))
        case .and(let keys): .and(keys.map { $0.frozen(in: mailbox) })
        default: self
        }
    }

    private static func uids(_ set: UIDSet) -> SearchKey {
        let elements: [MessageSet<UID>.Element] = set.ranges.compactMap { range in
            guard let first = UID(range.lowerBound), let last = UID(range.upperBound) else { return nil }
            return .init(.number(first), .number(last))
        }
        return elements.isEmpty ? .not(.all) : .messages(.uid(MessageSet(elements)))
    }

    /// What it says of a message may change while the message does not.
    fileprivate var isVolatile: Bool {
        switch self {
        case .older, .younger, .recent: true
        case .messages(.uid(let set)): set.elements.contains { $0.first == .last || $0.second == .last }
        default: false
        }
    }
}
