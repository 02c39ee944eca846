// Where every part of a message lies: the tree of parts with their byte ranges, as the database keeps it.

/// The parts of one message in the order of their headers (preorder). `parts[0]` is the message itself; a part's
/// children are the parts of a multipart, or the one message inside a message/rfc822.
package struct PartIndex: Hashable, Sendable {
    package enum Kind: UInt8, Hashable, Sendable {
        case other = 0
        case text = 1
        case multipart = 2
        /// message/rfc822: its one child is the message inside.
        case message = 3
    }

    package struct Part: Hashable, Sendable {
        package var kind: Kind
        /// Index of the part that holds this one; nil for the message itself.
        package var parent: Int?
        /// Offsets from the message's first byte: header, then body, `headerStart <= bodyStart <= bodyEnd`. The header
        /// includes the empty line that ends it, if there is one.
        package var headerStart: Int
        package var bodyStart: Int
        package var bodyEnd: Int
        /// Line feeds in the header and in the body.
        package var headerLines: Int
        package var bodyLines: Int
        /// Media type and subtype in lower case (`text`, `plain`).
        package var type: String
        package var subtype: String
        package var encoding: TransferEncoding
        /// In lower case; nil when none is given.
        package var charset: String?
        /// The file name of Content-Disposition, or else the name of Content-Type, decoded.
        package var fileName: String?
        /// Content-Disposition says `attachment`.
        package var isAttachment: Bool

        package var header: Range<Int> { headerStart..<bodyStart }
        package var body: Range<Int> { bodyStart..<bodyEnd }
    }

    /// At least one.
    package private(set) var parts: [Part]

    /// nil when the parts are no tree in preorder, or a range lies outside its parent's or is out of order.
    package init?(parts: [Part]) {
        guard PartIndex.isTree(parts) else { return nil }
        self.parts = parts
    }

    /// A message that is one text/plain part with this header and the rest as its body.
    package init(headerSize: Int, size: Int) {
        let size = max(0, size)
        let start = max(0, min(headerSize, size))
        parts = [
            Part(
                kind: .text, parent: nil, headerStart: 0, bodyStart: start, bodyEnd: size, headerLines: 0,
                bodyLines: 0, type: "text", subtype: "plain", encoding: .identity, charset: nil, fileName: nil,
                isAttachment: false)
        ]
    }

    /// Size of the whole message.
    package var size: Int { parts[0].bodyEnd }

    /// The children of a part, in order. O(parts).
    package func children(of index: Int) -> [Int] {
        guard parts.indices.contains(index) else { return [] }
        var result: [Int] = []
        for next in (index + 1)..<max(index + 1, parts.count) {
            guard let parent = parts[next].parent, parent >= index else { break }
            if parent == index { result.append(next) }
        }
        return result
    }

    /// Of the same message under more header lines.
    func under(_ lines: [UInt8]) -> PartIndex? {
        var moved = parts
        for index in moved.indices {
            if index > 0 { moved[index].headerStart += lines.count }
            moved[index].bodyStart += lines.count
            moved[index].bodyEnd += lines.count
        }
        moved[0].headerLines += lines.count { $0 == 0x0a }
        return PartIndex(parts: moved)
    }

    private static func isTree(_ parts: [Part]) -> Bool {
        guard let root = parts.first, root.parent == nil, root.headerStart == 0 else { return false }
        var open = [0]
        for (index, part) in parts.enumerated() {
            guard part.headerStart >= 0, part.bodyStart >= part.headerStart, part.bodyEnd >= part.bodyStart else {
                return false
            }
            guard index > 0 else { continue }
            while let last = open.last, last != part.parent { open.removeLast() }
            guard let parent = open.last, part.headerStart >= parts[parent].bodyStart,
                part.bodyEnd <= parts[parent].bodyEnd
            else { return false }
            open.append(index)
        }
        return true
    }
}
