// THREAD=ORDEREDSUBJECT: messages of one base subject are one thread (RFC 5256 §3).

/// The threading algorithms of THREAD. Pure; messages come in the order of their sequence numbers, each `id` once.
package enum Threading {
    /// A thread's first message by sent date is its root, all others are that one's children. O(n).
    package static func orderedSubject(_ messages: ThreadingTable) -> ThreadForest {
        var forest = ThreadForest(nodes: messages.ids.map { ThreadForest.Node(message: $0) })
        var roots = [Int](repeating: -1, count: messages.subjectCount)
        // In the order of sent dates, so both the threads and each one's messages come out sorted.
        for index in NumericOrder.ascending(messages.dates) {
            let subject = Int(messages.subjects[index])
            if roots[subject] >= 0 {
                forest.nodes[roots[subject]].children.append(index)
            } else {
                roots[subject] = index
                forest.roots.append(index)
            }
        }
        return forest
    }
}
