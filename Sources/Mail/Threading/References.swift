// THREAD=REFERENCES (RFC 5256 §3) and THREAD=REFS, which leaves subjects alone.
//
// Theory. `ReferenceLinks` ties messages and dummies together (step 1). Pruning (steps 2 and 3) keeps of the dummies
// only those at the top that hold two messages or more together; all others hand their children up. Siblings are
// always in the order of (sent date, sequence number), a dummy at the top in that of its first child, so how they came
// together does not matter. Then threads of one subject are merged (step 5) and sorted again (step 6). Nothing
// recurses.

extension Threading {
    /// By References and In-Reply-To, then by subject; threads by the sent date of their first message. O(n), but
    /// for messages whose subjects bring them under others.
    package static func references(_ messages: ThreadingTable) -> ThreadForest {
        var builder = ThreadBuilder(messages)
        builder.sortRoots()
        builder.mergeSubjects()
        builder.sortRoots()
        return builder.forest
    }

    /// By References and In-Reply-To alone; threads by the INTERNALDATE of their newest message
    /// (draft-ietf-morg-inthread). O(n log n).
    package static func refs(_ messages: ThreadingTable) -> ThreadForest {
        var builder = ThreadBuilder(messages)
        builder.sortRootsByNewest()
        return builder.forest
    }
}

private struct ThreadBuilder {
    private let messages: ThreadingTable
    /// The messages by (sent date, sequence number), and each one's place among them.
    private let order: [Int]
    private var ranks: [Int32]
    /// The nodes of messages come first, in the messages' order.
    private(set) var forest: ThreadForest

    /// Steps 1 to 3.
    init(_ messages: ThreadingTable) {
        self.messages = messages
        order = NumericOrder.ascending(messages.dates)
        ranks = [Int32](repeating: 0, count: messages.count)
        for (rank, message) in order.enumerated() { ranks[message] = Int32(truncatingIfNeeded: rank) }
        let parents = ReferenceLinks(messages).parents
        forest = ThreadForest(nodes: messages.ids.map { ThreadForest.Node(message: $0) })
        let places = ThreadBuilder.places(parents, messages: messages.count)
        var dummies: [Int: [Int]] = [:]
        // In the order of sent dates, so that children come out sorted.
        for index in order {
            switch Int(places[index]) {
            case -1: forest.roots.append(index)
            case let parent where parent < messages.count: forest.nodes[parent].children.append(index)
            case let dummy: dummies[dummy, default: []].append(index)
            }
        }
        for children in dummies.values { addDummy(children) }
    }

    /// For each message its nearest ancestor that is a message, or else the topmost dummy above it; -1 at the top.
    private static func places(_ parents: [Int32], messages: Int) -> [Int32] {
        // -2: not known yet. Each walk writes what it learns to all that it passed, so every node is passed once.
        var places = [Int32](repeating: -2, count: parents.count)
        var path: [Int] = []
        for start in parents.indices where places[start] == -2 {
            var index = start
            while index >= 0, places[index] == -2 {
                path.append(index)
                index = Int(parents[index])
            }
            while let node = path.popLast() {
                let parent = parents[node]
                if parent < 0 {
                    places[node] = -1
                } else if parent < messages {
                    places[node] = parent
                } else {
                    // Through the dummy: to its message, to its topmost dummy, or to itself.
                    places[node] = places[Int(parent)] == -1 ? parent : places[Int(parent)]
                }
            }
        }
        return places
    }

    /// A dummy at the top for children in order; a single one needs none.
    private mutating func addDummy(_ children: [Int]) {
        guard children.count > 1 else {
            forest.roots += children
            return
        }
        forest.roots.append(forest.nodes.count)
        forest.nodes.append(ThreadForest.Node(message: nil, children: children))
    }

    // MARK: Order

    /// The message that stands for a root: itself, or a dummy's first child.
    private func first(of root: Int) -> Int {
        root < messages.count ? root : forest.nodes[root].children.first ?? root
    }

    /// A node's place in the order of messages.
    private func rank(_ node: Int) -> Int { node < messages.count ? Int(ranks[node]) : .max }

    /// Steps 4 and 6. Each root has a first message of its own, so each has a place of its own.
    mutating func sortRoots() {
        var places = [Int](repeating: -1, count: messages.count)
        var others: [Int] = []
        for root in forest.roots {
            let place = rank(first(of: root))
            if place < places.count, places[place] < 0 { places[place] = root } else { others.append(root) }
        }
        forest.roots = places.filter { $0 >= 0 } + others
    }

    mutating func sortRootsByNewest() {
        var newest: [Int: Int64] = [:]
        for root in forest.roots {
            var latest = Int64.min
            var open = [root]
            while let node = open.popLast() {
                if node < messages.count { latest = max(latest, messages.internalDates[node]) }
                open += forest.nodes[node].children
            }
            newest[root] = latest
        }
        forest.roots = forest.roots.sorted { left, right in
            let (first, second) = (newest[left] ?? 0, newest[right] ?? 0)
            return first != second ? first < second : self.first(of: left) < self.first(of: right)
        }
    }

    // MARK: Subjects

    /// Step 5.
    mutating func mergeSubjects() {
        var table = subjectTable()
        var merged = [Bool](repeating: false, count: forest.nodes.count)
        var added: [Int] = []
        var grown: Set<Int> = []
        for root in forest.roots {
            guard let subject = subject(of: root) else { continue }
            let holder = table[subject]
            guard holder >= 0, holder != root else { continue }
            merged[root] = true
            if isDummy(root), isDummy(holder) {
                forest.nodes[holder].children += forest.nodes[root].children
                forest.nodes[root].children = []
                grown.insert(holder)
            } else if isDummy(holder) || isReply(root) && !isReply(holder) {
                forest.nodes[holder].children.append(root)
                grown.insert(holder)
            } else {
                let dummy = forest.nodes.count
                forest.nodes.append(ThreadForest.Node(message: nil, children: [holder, root]))
                table[subject] = dummy
                merged[holder] = true
                added.append(dummy)
                grown.insert(dummy)
            }
        }
        forest.roots = forest.roots.filter { !merged[$0] } + added
        for node in grown {
            forest.nodes[node].children = forest.nodes[node].children.sorted { rank($0) < rank($1) }
        }
    }

    /// Steps 5.A and 5.B: for each subject the root that the others of that subject join, -1 where there is none.
    private func subjectTable() -> [Int] {
        var table = [Int](repeating: -1, count: messages.subjectCount)
        for root in forest.roots {
            guard let subject = subject(of: root) else { continue }
            let holder = table[subject]
            guard holder >= 0 else {
                table[subject] = root
                continue
            }
            if !isDummy(holder), isDummy(root) || isReply(holder) && !isReply(root) { table[subject] = root }
        }
        return table
    }

    private func isDummy(_ node: Int) -> Bool { node >= messages.count }

    private func isReply(_ node: Int) -> Bool { !isDummy(node) && messages.isReply[node] }

    /// nil when it is empty: such threads stay as they are.
    private func subject(of root: Int) -> Int? {
        let subject = messages.subjects[first(of: root)]
        return subject == ThreadingTable.emptySubject ? nil : Int(subject)
    }
}
