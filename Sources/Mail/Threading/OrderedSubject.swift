// THREAD=ORDEREDSUBJECT: messages of one base subject are one thread (RFC 5256 §3).

/// The threading algorithms of THREAD. Pure; messages come in the order of their sequence numbers, each `id` once.
package enum Threading {
    /// A thread's first message by sent date is its root, all others are that one's children. O(n log n).
    package static func orderedSubject(_ messages: [ThreadingMessage]) -> ThreadForest {
        let order = messages.indices.sorted { ThreadingOrder.isBefore($0, $1, messages) }
        var forest = ThreadForest(nodes: messages.map { ThreadForest.Node(message: $0.id) })
        var roots: [[UInt8]: Int] = [:]
        // In the order of sent dates, so both the threads and each one's messages come out sorted.
        for index in order {
            if let root = roots[messages[index].baseSubject] {
                forest.nodes[root].children.append(index)
            } else {
                roots[messages[index].baseSubject] = index
                forest.roots.append(index)
            }
        }
        return forest
    }
}

enum ThreadingOrder {
    /// By sent date, then by sequence number (RFC 5256 §2.2).
    static func isBefore(_ left: Int, _ right: Int, _ messages: [ThreadingMessage]) -> Bool {
        (messages[left].date, left) < (messages[right].date, right)
    }
}
