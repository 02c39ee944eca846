// What lists of messages show, of neighbouring bodies together: one read for many messages, not one for each.
//
// Theory. Body ids grow and are never used again. So a group of ids is made when the account has given out its last id,
// by the background, and never gets another body. What no group has (newer bodies, bodies of which there is too much,
// groups that the background has not come to yet) is read elsewhere, with the same result: `HeaderGroups.swift` and
// `Outlines.swift` say where. When a body goes for good, its groups are made again without it in the same operation:
// nothing of it stays.
//
// Layout, decoded: the version; for each body the length of its pack plus one, two bytes, the low one first, 0 where
// there is none; then the packs. A group of another version, or a damaged one, counts as not there; `check` tells of
// damage.

import GRDB
import Mail

/// What groups there are: each kind has its table, and its place in `search_state`.
package enum GroupKind: CaseIterable, Sendable {
    /// `ListedFields` of headers.
    case headerFields
    /// `Outline`s. Single messages are asked about too, so these groups are smaller.
    case outlines

    /// How many ids a group has. The schema says it too.
    var bodies: Int {
        switch self {
        case .headerFields: 64
        case .outlines: 16
        }
    }
    var longestPack: Int {
        switch self {
        case .headerFields: ListedFields.longestPack
        case .outlines: Outline.longestPack
        }
    }

    /// Which group a body belongs to.
    package func number(of body: BodyID) -> Int64 { body.rawValue / Int64(bodies) }

    fileprivate func place(of body: BodyID) -> Int { Int(clamping: max(0, body.rawValue % Int64(bodies))) }
    fileprivate func first(_ number: Int64) -> Int64 { number &* Int64(bodies) }
    fileprivate func last(_ number: Int64) -> Int64 { first(number) &+ Int64(bodies) &- 1 }
}

/// The packs of one group, decoded.
package struct BodyGroup: Sendable {
    static let version: UInt8 = 1

    let kind: GroupKind
    /// See `GroupKind.number(of:)`.
    package let number: Int64
    /// What the packs' places are in.
    package let bytes: [UInt8]
    private let packs: [Range<Int>?]

    /// nil for what is no group of this version.
    init?(_ kind: GroupKind, _ number: Int64, _ bytes: [UInt8]) {
        let directory = 1 + 2 * kind.bodies
        guard bytes.count >= directory, bytes[0] == BodyGroup.version else { return nil }
        var packs: [Range<Int>?] = []
        packs.reserveCapacity(kind.bodies)
        var start = directory
        for entry in stride(from: 1, to: directory, by: 2) {
            let length = Int(bytes[entry]) + Int(bytes[entry + 1]) << 8
            guard length > 0 else {
                packs.append(nil)
                continue
            }
            packs.append(start..<start + length - 1)
            start += length - 1
        }
        guard start == bytes.count else { return nil }
        self.kind = kind
        self.number = number
        self.bytes = bytes
        self.packs = packs
    }

    /// Of these packs, each of a body of the group, `longestPack` bytes at most.
    init(_ kind: GroupKind, _ number: Int64, _ packs: [BodyID: [UInt8]]) {
        var bytes = [UInt8](repeating: 0, count: 1 + 2 * kind.bodies)
        var ranges = [Range<Int>?](repeating: nil, count: kind.bodies)
        bytes[0] = BodyGroup.version
        for (body, pack) in packs.sorted(by: { $0.key < $1.key }) where pack.count <= kind.longestPack {
            let place = kind.place(of: body)
            bytes[1 + 2 * place] = UInt8(truncatingIfNeeded: pack.count + 1)
            bytes[2 + 2 * place] = UInt8(truncatingIfNeeded: (pack.count + 1) >> 8)
            ranges[place] = bytes.count..<bytes.count + pack.count
            bytes += pack
        }
        self.kind = kind
        self.number = number
        self.bytes = bytes
        self.packs = ranges
    }

    /// Where the body's pack lies in `bytes`; nil when the group has none.
    package func pack(of body: BodyID) -> Range<Int>? {
        kind.number(of: body) == number ? packs[kind.place(of: body)] : nil
    }

    /// The bodies that it has packs of, ascending.
    var bodies: [BodyID] {
        packs.indices.filter { packs[$0] != nil }.map { BodyID(rawValue: kind.first(number) &+ Int64($0)) }
    }

    var all: [BodyID: [UInt8]] {
        var all: [BodyID: [UInt8]] = [:]
        for body in bodies { all[body] = pack(of: body).map { Array(bytes[$0]) } }
        return all
    }
}

extension AccountReader {
    /// The group of that number; nil when it is not there, or damaged.
    package func group(_ kind: GroupKind, _ number: Int64) throws -> BodyGroup? {
        try db.group(kind, number, compression)
    }

    /// The numbers of all groups in the file.
    func groupNumbers(_ kind: GroupKind) throws -> [Int64] {
        var numbers: [Int64] = []
        try db.each(kind.sql.numbers) { numbers.append($0.int(0)) }
        return numbers
    }

    /// What a group has of a body: nil where that is too much, or cannot be read; `check` tells of it.
    private func pack(_ kind: GroupKind, of body: BodyID) -> [UInt8]? {
        switch kind {
        case .headerFields: (try? header(of: body)).flatMap(ListedFields.pack)
        // A row that is not empty yet is what the group is made of.
        case .outlines: (try? outlineOfRow(body) ?? outline(of: body))?.pack
        }
    }

    /// The next groups, as many as a short job may make; nil when there is none to be made.
    fileprivate func groupsToMake(_ kind: GroupKind) throws -> NewGroups? {
        let first = try db.nextGroup(kind)
        let newest = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'body'") { $0.int(0) } ?? 0
        let end = (newest + 1) / Int64(kind.bodies)
        guard first < end else { return nil }
        var groups: [NewGroups.Group] = []
        for number in first..<min(end, first + Int64(NewGroups.bodies / kind.bodies)) {
            var bodies: [BodyID] = []
            try db.each(
                "SELECT id FROM body WHERE id BETWEEN ? AND ?", .int(kind.first(number)), .int(kind.last(number))
            ) { bodies.append(BodyID(rawValue: $0.int(0))) }
            var packs: [BodyID: [UInt8]] = [:]
            for body in bodies { packs[body] = pack(kind, of: body) }
            let group = StoredGroup(BodyGroup(kind, number, packs), compression)
            groups.append(NewGroups.Group(group: group, bodies: bodies.count))
        }
        return NewGroups(kind: kind, first: first, groups: groups)
    }
}

/// A group as its row has it.
private struct StoredGroup: Sendable {
    let kind: GroupKind
    let number: Int64
    let isEmpty: Bool
    let size: Int
    /// nil for a group that compression does not make smaller.
    let frame: [UInt8]?
    let bytes: [UInt8]

    init(_ group: BodyGroup, _ compression: Compression) {
        kind = group.kind
        number = group.number
        isEmpty = group.bodies.isEmpty
        size = group.bytes.count
        // A level that makes it a fifth smaller, in a tenth of a millisecond.
        frame = isEmpty ? nil : compression.compress(group.bytes[...], level: 3)
        bytes = frame ?? group.bytes
    }
}

/// Groups on their way into the file.
private struct NewGroups: Sendable {
    /// Of one step, which takes some milliseconds.
    static let bodies = 512

    struct Group: Sendable {
        let group: StoredGroup
        /// How many there were: none is added any more, so when there are fewer, some have gone.
        let bodies: Int
    }
    let kind: GroupKind
    let first: Int64
    let groups: [Group]
}

extension AccountStore {
    /// - Returns: false when nothing was left to do.
    func makeSomeGroups() async throws(StoreError) -> Bool {
        for kind in GroupKind.allCases {
            if try await makeSome(kind) { return true }
        }
        return try await emptySomeRows()
    }

    private func makeSome(_ kind: GroupKind) async throws(StoreError) -> Bool {
        let compression = compression
        let groups = try await file.read(isLong: true) { db in
            try AccountReader(db: db, compression: compression).groupsToMake(kind)
        }
        guard let groups else { return false }
        try await write { try $0.insert(groups) }
        return true
    }
}

extension WriteOperation {
    /// Nothing when somebody else was faster, or one of the bodies has gone since.
    fileprivate func insert(_ new: NewGroups) throws {
        guard try db.nextGroup(new.kind) == new.first else { return }
        for (group, bodies) in new.groups.map({ ($0.group, $0.bodies) }) {
            let left = try db.first(
                "SELECT count(*) FROM body WHERE id BETWEEN ? AND ?", .int(new.kind.first(group.number)),
                .int(new.kind.last(group.number))
            ) { Int($0.int(0)) }
            guard left == bodies else { return }
            try put(group)
            try db.run(new.kind.sql.setNext, .int(group.number + 1))
        }
    }

    private func put(_ group: StoredGroup) throws {
        try db.run(group.kind.sql.delete, .int(group.number))
        guard !group.isEmpty else { return }
        try db.run(
            group.kind.sql.insert, .int(group.number), .int(group.frame == nil ? 0 : 1), .int(group.size),
            .blob(group.bytes))
    }

    /// Takes bodies that go for good out of their groups.
    func forgetGroups(of bodies: [BodyID]) throws {
        let compression = Compression()
        for kind in GroupKind.allCases {
            for (number, gone) in Dictionary(grouping: bodies, by: kind.number) {
                guard let group = try db.group(kind, number, compression) else {
                    try db.run(kind.sql.delete, .int(number))
                    continue
                }
                let left = group.all.filter { !gone.contains($0.key) }
                if left.count < group.bodies.count {
                    try put(StoredGroup(BodyGroup(kind, number, left), compression))
                }
            }
        }
    }

    /// The background makes all groups anew. Outlines stay until then: most have no other place.
    func makeGroupsAnew() throws {
        try restoreOutlines()
        try db.run("DELETE FROM header_group")
        try db.run(
            "DELETE FROM outline_group WHERE id NOT IN (SELECT id / ? FROM body)",
            .int(Int64(GroupKind.outlines.bodies)))
        try db.run("UPDATE search_state SET header_groups = 0, outline_groups = 0, emptied_groups = 0 WHERE id = 1")
    }
}

extension Database {
    func nextGroup(_ kind: GroupKind) throws -> Int64 { try first(kind.sql.next) { $0.int(0) } ?? 0 }

    fileprivate func group(_ kind: GroupKind, _ number: Int64, _ compression: Compression) throws -> BodyGroup? {
        // The directory and as many packs are no longer, so that a damaged row cannot ask for more.
        let most = 1 + kind.bodies * (kind.longestPack + 2)
        return try first(kind.sql.row, .int(number)) { row in
            let size = Int(row.int(1))
            guard size > 0, size <= most else { return nil }
            return row.withBlob(2) { data in
                let bytes = row.int(0) == 0 ? Array(data) : compression.decompress(data, size: size)
                return bytes.flatMap { BodyGroup(kind, number, $0) }
            }
        } ?? nil
    }
}

/// The statements of a kind.
private struct GroupSQL {
    let row: StaticString
    let numbers: StaticString
    let delete: StaticString
    let insert: StaticString
    let next: StaticString
    let setNext: StaticString
}

extension GroupKind {
    fileprivate var sql: GroupSQL {
        switch self {
        case .headerFields:
            GroupSQL(
                row: "SELECT encoding, size, data FROM header_group WHERE id = ?",
                numbers: "SELECT id FROM header_group",
                delete: "DELETE FROM header_group WHERE id = ?",
                insert: "INSERT INTO header_group (id, encoding, size, data) VALUES (?, ?, ?, ?)",
                next: "SELECT header_groups FROM search_state WHERE id = 1",
                setNext: "UPDATE search_state SET header_groups = ? WHERE id = 1")
        case .outlines:
            GroupSQL(
                row: "SELECT encoding, size, data FROM outline_group WHERE id = ?",
                numbers: "SELECT id FROM outline_group",
                delete: "DELETE FROM outline_group WHERE id = ?",
                insert: "INSERT INTO outline_group (id, encoding, size, data) VALUES (?, ?, ?, ?)",
                next: "SELECT outline_groups FROM search_state WHERE id = 1",
                setNext: "UPDATE search_state SET outline_groups = ? WHERE id = 1")
        }
    }
}
