// Whether every body has its outline, in one place, and groups hold nobody else's.

import GRDB
import Mail
import NIOCore

extension AccountReader {
    func outlineProblems(in name: String) throws -> [String] {
        var found: [String] = []
        let emptied = try db.emptiedGroups()
        var strangers: [Int64: Set<BodyID>] = [:]
        for number in try groupNumbers(.outlines) {
            guard let group = try group(.outlines, number) else {
                found.append("group \(number) of outlines is damaged; \(Self.advice)")
                continue
            }
            strangers[number] = Set(group.bodies)
        }
        var rows: [(body: BodyID, isEmpty: Bool, isHalf: Bool)] = []
        try db.each(
            """
            SELECT id, envelope = x'', (envelope = x'') != (body_structure = x'') FROM body ORDER BY id
            """
        ) { rows.append((BodyID(rawValue: $0.int(0)), $0.int(1) != 0, $0.int(2) != 0)) }
        for row in rows {
            let number = GroupKind.outlines.number(of: row.body)
            strangers[number]?.remove(row.body)
            let inGroup = try outlineOfGroup(row.body)
            if row.isHalf || row.isEmpty && inGroup.map(isWellFormed) != true {
                found.append("body \(row.body) has no envelope and structure; \(Self.advice)")
            } else if !row.isEmpty, let pack = inGroup?.pack {
                // Until the background comes to empty the row, it says the same.
                let isSame = try outlineOfRow(row.body)?.pack == pack
                guard number < emptied || !isSame else { continue }
                found.append("body \(row.body) has its envelope in two places; \(Self.advice)")
            }
        }
        for (number, bodies) in strangers.sorted(by: { $0.key < $1.key }) {
            for body in bodies.sorted() {
                found.append("group \(number) of outlines has body \(body), which is not there; \(Self.advice)")
            }
        }
        return found.map { "\(name): \($0)" }
    }

    private static let advice = "\"martlet search-index rebuild\" makes it anew"

    /// As far as that can be seen without parsing the message again, which another version may do in another way.
    private func isWellFormed(_ outline: Outline) -> Bool {
        [outline.envelope, outline.bodyStructure].allSatisfy { list in
            list.readableBytesView.first == UInt8(ascii: "(") && list.readableBytesView.last == UInt8(ascii: ")")
        }
    }
}
