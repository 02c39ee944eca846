// Whether a message satisfies a search: first by the snapshot alone, then with the message at hand.

import IMAPSyntax
import Mail
import MailStore

/// A message of the view, as a search sees it without reading it.
struct SearchCandidate: Hashable, Sendable {
    let index: Int
    let entry: MessageEntry
}

extension SearchProgram {
    /// Where in the view all messages lie that can satisfy the search, as far as the numbers tell that it names: for a
    /// client that asks about its newest messages nobody looks at the others.
    func range(in view: MailboxSnapshot) -> Range<Int> { SearchProgram.range(of: root, in: view) }

    private static func range(of node: Node, in view: MailboxSnapshot) -> Range<Int> {
        let all = 0..<view.count
        switch node {
        case .constant(false): return 0..<0
        case .indices(let ranges):
            guard let first = ranges.first, let last = ranges.last else { return 0..<0 }
            return (first.lowerBound..<last.upperBound).clamped(to: all)
        case .uids(let set), .recent(let set):
            guard let first = set.ranges.first, let last = set.ranges.last else { return 0..<0 }
            let start = view.indexOfFirst(atLeast: first.lowerBound)
            let end = last.upperBound == .max ? view.count : view.indexOfFirst(atLeast: last.upperBound + 1)
            return start..<max(start, end)
        case .all(let nodes): return nodes.reduce(all) { $0.clamped(to: range(of: $1, in: view)) }
        default: return all
        }
    }

    /// nil when the snapshot cannot tell.
    func decide(_ candidate: SearchCandidate) -> Bool? { SearchProgram.decide(root, candidate) }

    private static func decide(_ node: Node, _ candidate: SearchCandidate) -> Bool? {
        switch node {
        case .not(let inner): decide(inner, candidate).map { !$0 }
        case .all(let nodes): decide(nodes, candidate, settledBy: false)
        case .any(let nodes): decide(nodes, candidate, settledBy: true)
        default: leaf(node, candidate)
        }
    }

    /// AND is settled by the first that is false, OR by the first that is true; otherwise one open question leaves it
    /// open.
    private static func decide(_ nodes: [Node], _ candidate: SearchCandidate, settledBy value: Bool) -> Bool? {
        var isOpen = false
        for node in nodes {
            guard let answer = decide(node, candidate) else {
                isOpen = true
                continue
            }
            if answer == value { return value }
        }
        return isOpen ? nil : !value
    }

    /// A key that looks at the snapshot only; nil for the others.
    private static func leaf(_ node: Node, _ candidate: SearchCandidate) -> Bool? {
        let entry = candidate.entry
        switch node {
        case .constant(let value): return value
        case .indices(let ranges): return contains(ranges, candidate.index)
        case .uids(let set), .recent(let set): return set.contains(entry.uid)
        case .flagSets(let ids): return ids.contains(entry.flagSet)
        case .internalDate(let comparison, let day): return comparison.holds(entry.internalDate.dayNumber, day)
        case .internalTime(let seconds): return seconds.contains(entry.internalDate.secondsSince1970)
        case .bodies(let bodies): return bodies.contains(entry.bodyID)
        case .modSeq(let least): return entry.modSeq.rawValue >= least
        case .larger(let size): return UInt64(entry.size) > size
        case .smaller(let size): return UInt64(entry.size) < size
        case .header(_, _, let candidates?): return candidates.mayContain(entry.bodyID) ? nil : false
        case .text(_, let candidates?), .body(_, let candidates?):
            guard candidates.mayContain(entry.bodyID) else { return false }
            return candidates.surelyHolds(entry.bodyID) ? true : nil
        case .fuzzy(_, _, let candidates?): return candidates.mayContain(entry.bodyID) ? nil : false
        default: return nil
        }
    }

    /// - Parameter ranges: ascending and disjoint.
    private static func contains(_ ranges: [Range<Int>], _ index: Int) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound <= index { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(index)
    }

    /// The answer, with the message at hand for what the snapshot cannot tell.
    func decide(_ candidate: SearchCandidate, reader: AccountReader) throws -> Bool {
        var content = SearchContent(candidate.entry.bodyID, in: mailboxID, of: account, reader)
        return try SearchProgram.decide(root, candidate, &content)
    }

    private static func decide(
        _ node: Node, _ candidate: SearchCandidate, _ content: inout SearchContent
    ) throws -> Bool {
        switch node {
        case .not(let inner): return try !decide(inner, candidate, &content)
        case .all(let nodes):
            for inner in nodes where try !decide(inner, candidate, &content) { return false }
            return true
        case .any(let nodes):
            for inner in nodes where try decide(inner, candidate, &content) { return true }
            return false
        case .sentDate(let comparison, let day):
            guard let date = try content.sentDate() else { return false }
            return comparison.holds(date.dayNumber, day)
        case .thread(let thread): return try content.threadName() == thread
        case .email(let id): return try content.emailID() == id
        case .saveDate(let comparison, let day):
            guard let seconds = try content.saveDate(of: candidate.entry.uid) else { return false }
            return comparison.holds(MailDate(secondsSince1970: seconds).dayNumber, day)
        case .header(_, _, let candidates?) where !candidates.mayContain(candidate.entry.bodyID): return false
        case .text(_, let candidates?) where !candidates.mayContain(candidate.entry.bodyID): return false
        case .body(_, let candidates?) where !candidates.mayContain(candidate.entry.bodyID): return false
        case .text(_, let candidates?) where candidates.surelyHolds(candidate.entry.bodyID): return true
        case .body(_, let candidates?) where candidates.surelyHolds(candidate.entry.bodyID): return true
        case .header(let name, let needle, _): return try content.headerHolds(needle, inField: name)
        case .body(let needle, _): return try content.bodyHolds(needle)
        case .fuzzy(_, _, let candidates?) where !candidates.mayContain(candidate.entry.bodyID): return false
        case .fuzzy(let field, let needle, _): return try content.score(needle, in: field) >= FuzzyNeedle.enough
        case .text(let needle, let candidates):
            let body = candidate.entry.bodyID
            if candidates?.mayBeInHeader(body) ?? true, try content.headerHolds(needle) { return true }
            guard candidates?.mayBeInText(body) ?? true else { return false }
            return try content.bodyHolds(needle) || content.partHeadersHold(needle)
        default: return leaf(node, candidate) ?? false
        }
    }
}

extension SearchProgram {
    /// How relevant a message is that was found, 1 ... 100: the mean of what FUZZY's texts reach in it (RFC 6203 §4).
    func score(_ candidate: SearchCandidate, reader: AccountReader) throws -> UInt8 {
        var content = SearchContent(candidate.entry.bodyID, in: mailboxID, of: account, reader)
        var scores: [Int] = []
        try SearchProgram.collectScores(root, &content, into: &scores)
        guard !scores.isEmpty else { return 100 }
        return UInt8(clamping: max(1, min(100, scores.reduce(0, +) / scores.count)))
    }

    private static func collectScores(
        _ node: Node, _ content: inout SearchContent, into scores: inout [Int]
    ) throws {
        switch node {
        case .fuzzy(let field, let needle, _):
            let score = try content.score(needle, in: field)
            // What is beside OR may have found the message without this.
            if score >= FuzzyNeedle.enough { scores.append(score) }
        case .any(let nodes), .all(let nodes):
            for inner in nodes { try collectScores(inner, &content, into: &scores) }
        default: break
        }
    }
}

extension SearchComparison {
    fileprivate func holds(_ day: Int, _ wanted: Int) -> Bool {
        switch self {
        case .before: day < wanted
        case .on: day == wanted
        case .since: day >= wanted
        }
    }
}
