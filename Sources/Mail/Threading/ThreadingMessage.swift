// A message as the threading algorithms see it, and the forest that they make of many.

/// What THREAD looks at of one message. The order in which messages are given is that of their sequence numbers.
package struct ThreadingMessage: Hashable, Sendable {
    /// What the result calls the message by.
    package var id: Int
    /// Normalized (`MessageIDs`).
    package var messageID: [UInt8]?
    /// The ancestors' identifiers, farthest first.
    package var references: [[UInt8]]
    /// Folded by i;unicode-casemap.
    package var baseSubject: [UInt8]
    package var isReplyOrForward: Bool
    /// In seconds since 1970, UTC; nil when the message says none.
    package var sentDate: Int64?
    /// INTERNALDATE in the same seconds.
    package var internalDate: Int64

    package init(
        id: Int, messageID: [UInt8]? = nil, references: [[UInt8]] = [], baseSubject: [UInt8] = [],
        isReplyOrForward: Bool = false, sentDate: Int64? = nil, internalDate: Int64 = 0
    ) {
        self.id = id
        self.messageID = messageID
        self.references = references
        self.baseSubject = baseSubject
        self.isReplyOrForward = isReplyOrForward
        self.sentDate = sentDate
        self.internalDate = internalDate
    }

    /// The sent date of RFC 5256 §2.2.
    package var date: Int64 { sentDate ?? internalDate }
}

/// How THREAD's result is nested (RFC 5256 §5).
package enum ThreadToken: Hashable, Sendable {
    case open
    /// A message's `id`.
    case message(Int)
    case close
}

/// Threads in order. Flat, so that a thread of any depth is walked and freed without recursion.
package struct ThreadForest: Sendable {
    package struct Node: Hashable, Sendable {
        /// The message's `id`; nil for one that is missing and whose answers are there.
        package var message: Int?
        /// Indices into `nodes`, in order.
        package var children: [Int]

        package init(message: Int?, children: [Int] = []) {
            self.message = message
            self.children = children
        }
    }

    package var nodes: [Node]
    /// Indices into `nodes`, in order.
    package var roots: [Int]

    package init(nodes: [Node] = [], roots: [Int] = []) {
        self.nodes = nodes
        self.roots = roots
    }

    /// Calls `body` with thread-list after thread-list: `(1 2 (3)(4 5))`. A single child follows its parent, several
    /// are lists of their own.
    package func tokens(_ body: (ThreadToken) -> Void) {
        enum Step {
            case visit(Int, isListed: Bool)
            case close
        }
        var steps: [Step] = roots.reversed().map { .visit($0, isListed: true) }
        while let step = steps.popLast() {
            guard case .visit(let index, let isListed) = step else {
                body(.close)
                continue
            }
            if isListed {
                body(.open)
                steps.append(.close)
            }
            let node = nodes[index]
            if let message = node.message { body(.message(message)) }
            let mustList = node.children.count > 1
            for child in node.children.reversed() { steps.append(.visit(child, isListed: mustList)) }
        }
    }
}
