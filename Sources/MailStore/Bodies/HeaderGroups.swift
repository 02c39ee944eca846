// The header fields of lists, of 64 bodies together: what a client that fills its list has for one read, not for 64.
//
// Theory. Body ids grow and are never used again. So a group of ids is made when the account has given out its last id,
// by the background, and never gets another body; newer bodies, bodies whose fields are too many, and groups that the
// background has not come to yet are read from the headers themselves, with the same result. When a body goes for good,
// the group is made again without it in the same operation: nothing of it stays.
//
// Layout, decoded: the version; for each of the 64 bodies the length of its `ListedFields` pack plus one, two bytes,
// the low one first, 0 where there is none; then the packs. A group of another version, or a damaged one, counts as not
// there; `check` tells of damage.

import GRDB
import Mail
import NIOCore

/// The packs of one group, decoded.
package struct HeaderGroup: Sendable {
    static let version: UInt8 = 1
    static let bodies = 64
    private static let directory = 1 + 2 * bodies

    /// Bodies `bodies * number` and so many after it.
    package let number: Int64
    /// What the packs' places are in.
    package let bytes: [UInt8]
    private let packs: [Range<Int>?]

    /// Which group a body belongs to.
    package static func number(of body: BodyID) -> Int64 { body.rawValue / Int64(bodies) }

    private static func place(of body: BodyID) -> Int { Int(clamping: max(0, body.rawValue % Int64(bodies))) }

    /// nil for what is no group of this version.
    init?(_ number: Int64, _ bytes: [UInt8]) {
        guard bytes.count >= HeaderGroup.directory, bytes[0] == HeaderGroup.version else { return nil }
        var packs: [Range<Int>?] = []
        packs.reserveCapacity(HeaderGroup.bodies)
        var start = HeaderGroup.directory
        for entry in stride(from: 1, to: HeaderGroup.directory, by: 2) {
            let length = Int(bytes[entry]) + Int(bytes[entry + 1]) << 8
            guard length > 0 else {
                packs.append(nil)
                continue
            }
            packs.append(start..<start + length - 1)
            start += length - 1
        }
        guard start == bytes.count else { return nil }
        self.number = number
        self.bytes = bytes
        self.packs = packs
    }

    /// Of these packs, each of a body of the group, `ListedFields.longestPack` bytes at most.
    init(_ number: Int64, _ packs: [BodyID: [UInt8]]) {
        var bytes = [UInt8](repeating: 0, count: HeaderGroup.directory)
        var ranges = [Range<Int>?](repeating: nil, count: HeaderGroup.bodies)
        bytes[0] = HeaderGroup.version
        for (body, pack) in packs.sorted(by: { $0.key < $1.key }) where pack.count < Int(UInt16.max) {
            let place = HeaderGroup.place(of: body)
            bytes[1 + 2 * place] = UInt8(truncatingIfNeeded: pack.count + 1)
            bytes[2 + 2 * place] = UInt8(truncatingIfNeeded: (pack.count + 1) >> 8)
            ranges[place] = bytes.count..<bytes.count + pack.count
            bytes += pack
        }
        self.number = number
        self.bytes = bytes
        self.packs = ranges
    }

    /// Where the body's pack lies in `bytes`; nil when the group has none.
    package func pack(of body: BodyID) -> Range<Int>? {
        HeaderGroup.number(of: body) == number ? packs[HeaderGroup.place(of: body)] : nil
    }

    var all: [BodyID: [UInt8]] {
        var all: [BodyID: [UInt8]] = [:]
        for (place, pack) in packs.enumerated() {
            guard let pack else { continue }
            all[BodyID(rawValue: number * Int64(HeaderGroup.bodies) + Int64(place))] = Array(bytes[pack])
        }
        return all
    }
}

extension AccountReader {
    /// The group of that number; nil when it is not there, or damaged.
    package func headerGroup(_ number: Int64) throws -> HeaderGroup? {
        try db.headerGroup(number, compression)
    }

    /// What of the groups is not as the headers say.
    func headerGroupProblems(in name: String) throws -> [String] {
        var problems: [String] = []
        var numbers: [Int64] = []
        try db.each("SELECT id FROM header_group") { numbers.append($0.int(0)) }
        for number in numbers {
            let packs = try headerGroup(number)?.all
            let isRight = packs?.allSatisfy { body, pack in
                (try? header(of: body)).flatMap(ListedFields.pack) == pack
            }
            if isRight != true {
                problems.append(
                    "\(name): group \(number) of header fields is not what the messages' headers say; "
                        + "make it anew with \"martlet search-index rebuild\"")
            }
        }
        return problems
    }

    /// The next groups, as many as a short job may make; nil when there is none to be made.
    fileprivate func headerGroupsToMake() throws -> NewHeaderGroups? {
        let first = try db.nextHeaderGroup()
        let newest = try db.first("SELECT seq FROM sqlite_sequence WHERE name = 'body'") { $0.int(0) } ?? 0
        let end = (newest + 1) / Int64(HeaderGroup.bodies)
        guard first < end else { return nil }
        var groups: [NewHeaderGroups.Group] = []
        for number in first..<min(end, first + NewHeaderGroups.most) {
            var bodies: [BodyID] = []
            let start = number * Int64(HeaderGroup.bodies)
            try db.each(
                "SELECT id FROM body WHERE id BETWEEN ? AND ?", .int(start), .int(start + Int64(HeaderGroup.bodies) - 1)
            ) { bodies.append(BodyID(rawValue: $0.int(0))) }
            var packs: [BodyID: [UInt8]] = [:]
            // A header that cannot be read is left out; `check` tells of it.
            for body in bodies { packs[body] = (try? header(of: body)).flatMap(ListedFields.pack) }
            groups.append(NewHeaderGroups.Group(group: HeaderGroup(number, packs), bodies: bodies.count))
        }
        return NewHeaderGroups(first: first, groups: groups)
    }
}

/// Groups on their way into the file.
private struct NewHeaderGroups: Sendable {
    /// Of one step, which takes some milliseconds.
    static let most: Int64 = 8

    struct Group: Sendable {
        let group: HeaderGroup
        /// How many there were: none is added any more, so when there are fewer, some have gone.
        let bodies: Int
    }
    let first: Int64
    let groups: [Group]
}

extension AccountStore {
    /// - Returns: false when nothing was left to do.
    func makeSomeHeaderGroups() async throws(StoreError) -> Bool {
        let compression = compression
        let groups = try await file.read(isLong: true) { db in
            try AccountReader(db: db, compression: compression).headerGroupsToMake()
        }
        guard let groups else { return false }
        try await write { try $0.insert(groups, compression) }
        return true
    }
}

extension WriteOperation {
    /// Nothing when somebody else was faster, or one of the bodies has gone since.
    fileprivate func insert(_ new: NewHeaderGroups, _ compression: Compression) throws {
        guard try db.nextHeaderGroup() == new.first else { return }
        for (group, bodies) in new.groups.map({ ($0.group, $0.bodies) }) {
            let start = group.number * Int64(HeaderGroup.bodies)
            let left = try db.first(
                "SELECT count(*) FROM body WHERE id BETWEEN ? AND ?", .int(start),
                .int(start + Int64(HeaderGroup.bodies) - 1)
            ) { Int($0.int(0)) }
            guard left == bodies else { return }
            try put(group, compression)
            try db.run("UPDATE search_state SET header_groups = ? WHERE id = 1", .int(group.number + 1))
        }
    }

    private func put(_ group: HeaderGroup, _ compression: Compression) throws {
        try db.run("DELETE FROM header_group WHERE id = ?", .int(group.number))
        guard !group.all.isEmpty else { return }
        // A level that makes it a fifth smaller, in a tenth of a millisecond.
        let frame = compression.compress(group.bytes[...], level: 3)
        try db.run(
            "INSERT INTO header_group (id, encoding, size, data) VALUES (?, ?, ?, ?)", .int(group.number),
            .int(frame == nil ? 0 : 1), .int(group.bytes.count), .blob(frame ?? group.bytes))
    }

    /// Takes bodies that go for good out of their groups.
    func forgetHeaders(of bodies: [BodyID]) throws {
        let compression = Compression()
        for (number, gone) in Dictionary(grouping: bodies, by: HeaderGroup.number) {
            guard let group = try db.headerGroup(number, compression) else {
                try db.run("DELETE FROM header_group WHERE id = ?", .int(number))
                continue
            }
            let left = group.all.filter { !gone.contains($0.key) }
            if left.count < group.all.count { try put(HeaderGroup(number, left), compression) }
        }
    }

    /// The background makes them anew.
    func clearHeaderGroups() throws {
        try db.run("DELETE FROM header_group")
        try db.run("UPDATE search_state SET header_groups = 0 WHERE id = 1")
    }
}

extension Database {
    fileprivate func nextHeaderGroup() throws -> Int64 {
        try first("SELECT header_groups FROM search_state WHERE id = 1") { $0.int(0) } ?? 0
    }

    fileprivate func headerGroup(_ number: Int64, _ compression: Compression) throws -> HeaderGroup? {
        // 64 packs and the directory are no longer, so that a damaged row cannot ask for more.
        let most = HeaderGroup.bodies * (ListedFields.longestPack + 2) + 1
        return try first("SELECT encoding, size, data FROM header_group WHERE id = ?", .int(number)) { row in
            let size = Int(row.int(1))
            guard size <= most else { return nil }
            return row.withBlob(2) { data in
                if row.int(0) == 0 { return HeaderGroup(number, Array(data)) }
                var buffer = ByteBufferAllocator().buffer(capacity: size)
                guard compression.decompress(data, size: size, into: &buffer) else { return nil }
                return HeaderGroup(number, Array(buffer.readableBytesView))
            }
        } ?? nil
    }
}
