// Step 1 of THREAD=REFERENCES: who answers whom, by the identifiers in References (RFC 5256 §3).
//
// Theory. A node is a message or, for an identifier that no message has, a dummy. Each node has at most one parent, and
// the links never close a ring: before A becomes B's parent, A's ancestors are walked, and B must not be among them. A
// node without children is nobody's ancestor, so the walk is left out for what is by far most links. Walks through
// absurdly deep chains are bounded by a budget for all of them together; beyond it a link counts as closing a ring.

/// The forest of links over `messages.count` nodes of messages, in their order, and the dummies behind them.
struct ReferenceLinks {
    /// -1 for none.
    private(set) var parents: [Int]
    private var childCounts: [Int]
    private var byID: [[UInt8]: Int]
    private var budget: Int

    init(_ messages: [ThreadingMessage]) {
        parents = [Int](repeating: -1, count: messages.count)
        childCounts = parents.map { _ in 0 }
        byID = [:]
        byID.reserveCapacity(messages.count)
        budget = 10_000_000 + 64 * messages.count
        // Of several messages with one identifier only the first has it.
        for (index, message) in messages.enumerated() {
            if let id = message.messageID, byID[id] == nil { byID[id] = index }
        }
        for (index, message) in messages.enumerated() { link(index, message.references) }
    }

    private mutating func link(_ message: Int, _ references: [[UInt8]]) {
        var last = -1
        for id in references {
            let node = node(id)
            if last >= 0, parents[node] < 0 { setParent(of: node, to: last) }
            last = node
        }
        // The message's own last reference is more to be trusted than what others say of it.
        if parents[message] >= 0 {
            childCounts[parents[message]] -= 1
            parents[message] = -1
        }
        if last >= 0 { setParent(of: message, to: last) }
    }

    /// The node with this identifier, a new dummy where there is none.
    private mutating func node(_ id: [UInt8]) -> Int {
        if let known = byID[id] { return known }
        byID[id] = parents.count
        parents.append(-1)
        childCounts.append(0)
        return parents.count - 1
    }

    /// Unless that closes a ring.
    private mutating func setParent(of child: Int, to parent: Int) {
        guard child != parent else { return }
        if childCounts[child] > 0 {
            var ancestor = parents[parent]
            while ancestor >= 0 {
                budget -= 1
                if ancestor == child || budget < 0 { return }
                ancestor = parents[ancestor]
            }
        }
        parents[child] = parent
        childCounts[parent] += 1
    }
}
