// Step 1 of THREAD=REFERENCES: who answers whom, by the identifiers in References (RFC 5256 §3).
//
// Theory. A node is a message or, for an identifier that no message has, a dummy. Each node has at most one parent, and
// the links never close a ring: before A becomes B's parent, A's ancestors are walked, and B must not be among them. A
// node without children is nobody's ancestor, so the walk is left out for what is by far most links. Walks through
// absurdly deep chains are bounded by a budget for all of them together; beyond it a link counts as closing a ring.

/// The forest of links over `messages.count` nodes of messages, in their order, and the dummies behind them.
struct ReferenceLinks {
    /// -1 for none.
    private(set) var parents: [Int32]
    private var childCounts: [Int32]
    /// The node of each identifier, -1 where there is none yet.
    private var nodes: [Int32]
    private var budget: Int

    init(_ messages: ThreadingTable) {
        parents = [Int32](repeating: -1, count: messages.count)
        childCounts = [Int32](repeating: 0, count: messages.count)
        nodes = [Int32](repeating: -1, count: messages.identifierCount)
        budget = 10_000_000 + 64 * messages.count
        // Of several messages with one identifier only the first has it.
        for (index, id) in messages.messageIDs.enumerated() where id >= 0 && nodes[Int(id)] < 0 {
            nodes[Int(id)] = Int32(truncatingIfNeeded: index)
        }
        for index in 0..<messages.count { link(index, messages.references(of: index)) }
    }

    private mutating func link(_ message: Int, _ references: ArraySlice<Int32>) {
        var last: Int32 = -1
        for id in references {
            let node = node(id)
            if last >= 0, parents[Int(node)] < 0 { setParent(of: node, to: last) }
            last = node
        }
        // The message's own last reference is more to be trusted than what others say of it.
        if parents[message] >= 0 {
            childCounts[Int(parents[message])] -= 1
            parents[message] = -1
        }
        if last >= 0 { setParent(of: Int32(truncatingIfNeeded: message), to: last) }
    }

    /// The node with this identifier, a new dummy where there is none.
    private mutating func node(_ id: Int32) -> Int32 {
        if nodes[Int(id)] < 0 {
            nodes[Int(id)] = Int32(truncatingIfNeeded: parents.count)
            parents.append(-1)
            childCounts.append(0)
        }
        return nodes[Int(id)]
    }

    /// Unless that closes a ring.
    private mutating func setParent(of child: Int32, to parent: Int32) {
        guard child != parent else { return }
        if childCounts[Int(child)] > 0 {
            var ancestor = parents[Int(parent)]
            while ancestor >= 0 {
                budget -= 1
                if ancestor == child || budget < 0 { return }
                ancestor = parents[Int(ancestor)]
            }
        }
        parents[Int(child)] = parent
        childCounts[Int(parent)] += 1
    }
}
