// THREAD=REFERENCES once more, as slow and as close to the words of RFC 5256 §3 as can be: the tests compare with it.

import Mail

/// A message or a dummy in the model's tree.
final class ModelNode {
    var message: Int?
    weak var parent: ModelNode?
    var children: [ModelNode] = []

    init(_ message: Int?) { self.message = message }

    func adopt(_ child: ModelNode) {
        child.parent?.children.removeAll { $0 === child }
        child.parent = self
        children.append(child)
    }

    func isDescendant(of other: ModelNode) -> Bool {
        self === other || (parent?.isDescendant(of: other) ?? false)
    }
}

/// Small numbers of messages only: it recurses, and searches lists.
struct ThreadingModel {
    let messages: [ThreadingMessage]
    var nodes: [ModelNode] = []
    var byID: [[UInt8]: ModelNode] = [:]
    let root = ModelNode(nil)

    static func references(_ messages: [ThreadingMessage]) -> String {
        var model = ThreadingModel(messages: messages)
        model.link()
        model.gather()
        model.mergeSubjects()
        model.sort(model.root)
        return model.text
    }

    static func refs(_ messages: [ThreadingMessage]) -> String {
        var model = ThreadingModel(messages: messages)
        model.link()
        model.gather()
        let newest = { (node: ModelNode) -> Int64 in model.all(node).map { messages[$0].internalDate }.max() ?? 0 }
        model.root.children.sort {
            (newest($0), model.first($0)) < (newest($1), model.first($1))
        }
        return model.text
    }

    init(messages: [ThreadingMessage]) { self.messages = messages }

    /// Step 1.
    private mutating func link() {
        for (index, message) in messages.enumerated() {
            let node = ModelNode(index)
            nodes.append(node)
            if let id = message.messageID, byID[id] == nil { byID[id] = node }
        }
        for (index, message) in messages.enumerated() {
            var last: ModelNode?
            for id in message.references {
                let node = byID[id] ?? ModelNode(nil)
                if byID[id] == nil { nodes.append(node) }
                byID[id] = node
                if let last, node.parent == nil, !last.isDescendant(of: node) { last.adopt(node) }
                last = node
            }
            let node = nodes[index]
            if let parent = node.parent { parent.children.removeAll { $0 === node } }
            node.parent = nil
            if let last, !last.isDescendant(of: node) { last.adopt(node) }
        }
    }

    /// Steps 2 to 4.
    private mutating func gather() {
        for node in nodes where node.parent == nil { root.adopt(node) }
        prune(root)
        sort(root)
    }

    private func prune(_ node: ModelNode) {
        for child in node.children { prune(child) }
        for child in node.children where child.message == nil {
            if child.children.isEmpty {
                node.children.removeAll { $0 === child }
            } else if node !== root || child.children.count == 1 {
                let promoted = child.children
                node.children.removeAll { $0 === child }
                for each in promoted { node.adopt(each) }
            }
        }
    }

    /// Steps 4 and 6, grandchildren before children.
    private func sort(_ node: ModelNode) {
        for child in node.children { sort(child) }
        node.children.sort { key($0) < key($1) }
    }

    private func first(_ node: ModelNode) -> Int {
        node.message ?? node.children.map(first).min { date($0) < date($1) } ?? 0
    }
    private func date(_ index: Int) -> (Int64, Int) { (messages[index].date, index) }
    private func key(_ node: ModelNode) -> (Int64, Int) { date(first(node)) }
    private func all(_ node: ModelNode) -> [Int] { (node.message.map { [$0] } ?? []) + node.children.flatMap(all) }
    private func subject(_ node: ModelNode) -> [UInt8] { messages[first(node)].baseSubject }
    private func isReply(_ node: ModelNode) -> Bool { node.message.map { messages[$0].isReplyOrForward } ?? false }

    /// Step 5.
    private mutating func mergeSubjects() {
        var table: [[UInt8]: ModelNode] = [:]
        for node in root.children where !subject(node).isEmpty {
            let subject = subject(node)
            if let known = table[subject] {
                if known.message != nil, node.message == nil || isReply(known) && !isReply(node) {
                    table[subject] = node
                }
            } else {
                table[subject] = node
            }
        }
        for node in root.children {
            let subject = subject(node)
            guard !subject.isEmpty, let known = table[subject], known !== node, node.parent === root else { continue }
            if node.message == nil, known.message == nil {
                for child in node.children { known.adopt(child) }
                root.children.removeAll { $0 === node }
            } else if known.message == nil || isReply(node) && !isReply(known) {
                known.adopt(node)
            } else {
                let dummy = ModelNode(nil)
                root.adopt(dummy)
                dummy.adopt(known)
                dummy.adopt(node)
                table[subject] = dummy
            }
        }
    }

    /// As THREAD writes it.
    var text: String { root.children.map { "(\(list($0)))" }.joined() }

    private func list(_ node: ModelNode) -> String {
        let own = node.message.map { String(messages[$0].id) }
        let children =
            node.children.count == 1 ? list(node.children[0]) : node.children.map { "(\(list($0)))" }.joined()
        return [own, children.isEmpty ? nil : children].compactMap { $0 }.joined(separator: " ")
    }
}
