// What ENVELOPE and BODYSTRUCTURE tell of a message: worked out when it came in, kept with its neighbours'.
//
// Theory. A new message has its outline in its row of `body`. The background puts the outlines of 16 bodies into one
// group (`BodyGroups.swift`), and when no more groups are to be made, reads them back and empties the rows: from then
// on the group alone has them. First made and later emptied, so that the groups of much mail lie one behind the other
// in the file, and not in the holes that emptied rows leave: who asks about a whole mailbox reads them in sequence. An
// outline that is too long for a group stays in its row. Where a row is empty and no group has the outline, the group
// was damaged; then the message is parsed again.
//
// A pack: the length of the envelope, two bytes, the low one first; then envelope and structure.
//
// Previews stay in their rows: text of all sorts hardly gets smaller in company, and would be half of each group.

import GRDB
import Mail
package import NIOCore

/// Of one body.
package struct Outline: Sendable {
    /// A pack is no longer; an outline that would need more has none.
    static let longestPack = 8 * 1_024
    private static let head = 2

    /// ENVELOPE as the wire writes it (RFC 3501 §7.4.2); never empty.
    package let envelope: ByteBuffer
    /// BODYSTRUCTURE as the wire writes it; never empty.
    package let bodyStructure: ByteBuffer

    init(envelope: ByteBuffer, bodyStructure: ByteBuffer) {
        self.envelope = envelope
        self.bodyStructure = bodyStructure
    }

    /// nil for what is no pack.
    /// - Parameter pack: where it lies in `bytes`.
    init?(_ pack: Range<Int>, of bytes: ByteBuffer) {
        let start = pack.lowerBound + Outline.head
        guard let length = bytes.getInteger(at: pack.lowerBound, endianness: .little, as: UInt16.self),
            length > 0, start + Int(length) < pack.upperBound,
            let envelope = bytes.getSlice(at: start, length: Int(length)),
            let bodyStructure = bytes.getSlice(
                at: start + Int(length), length: pack.upperBound - start - Int(length))
        else { return nil }
        self.init(envelope: envelope, bodyStructure: bodyStructure)
    }

    /// nil when it would be too long.
    var pack: [UInt8]? {
        let length = envelope.readableBytes
        let size = Outline.head + length + bodyStructure.readableBytes
        guard size <= Outline.longestPack else { return nil }
        var pack: [UInt8] = []
        pack.reserveCapacity(size)
        pack += [UInt8(truncatingIfNeeded: length), UInt8(truncatingIfNeeded: length >> 8)]
        pack += envelope.readableBytesView
        pack += bodyStructure.readableBytesView
        return pack
    }
}

/// The outlines that a read job has come upon last: a group's, or a row's. Lives within the job.
final class FoundOutlines {
    /// The number of the group that was asked for last, there or not.
    private var asked: Int64?
    private var group: (packs: BodyGroup, bytes: ByteBuffer)?
    private var alone: (body: BodyID, outline: Outline)?

    fileprivate func find(_ body: BodyID, _ reader: AccountReader) throws -> Outline? {
        if let alone, alone.body == body { return alone.outline }
        return try inGroup(body, reader)
    }

    fileprivate func inGroup(_ body: BodyID, _ reader: AccountReader) throws -> Outline? {
        let number = GroupKind.outlines.number(of: body)
        if number != asked {
            group = try reader.group(.outlines, number).map { ($0, ByteBuffer(bytes: $0.bytes)) }
            asked = number
        }
        guard let group, let pack = group.packs.pack(of: body) else { return nil }
        return Outline(pack, of: group.bytes)
    }

    fileprivate func keep(_ outline: Outline, of body: BodyID) { alone = (body, outline) }
}

extension AccountReader {
    /// - Throws: `.messageGone`; `.broken` where there is no outline, nor the message to work it out from.
    package func outline(of body: BodyID) throws -> Outline {
        if let found = try outlines.find(body, self) { return found }
        let outline = try outlineOfRow(body) ?? outlineAnew(body)
        outlines.keep(outline, of: body)
        return outline
    }

    func outlineOfGroup(_ body: BodyID) throws -> Outline? { try outlines.inGroup(body, self) }

    /// nil when the row is empty, or not there.
    func outlineOfRow(_ body: BodyID) throws -> Outline? {
        let found = try db.first(
            "SELECT envelope, body_structure FROM body WHERE id = ?", .int(body.rawValue)
        ) { row in
            Outline(
                envelope: row.withBlob(0) { ByteBuffer(bytes: $0) },
                bodyStructure: row.withBlob(1) { ByteBuffer(bytes: $0) })
        }
        guard let found, found.envelope.readableBytes > 0, found.bodyStructure.readableBytes > 0 else { return nil }
        return found
    }

    /// From the message itself.
    private func outlineAnew(_ body: BodyID) throws -> Outline {
        let size = try size(of: body).size
        try CachedReads.bound(size, to: ChunkLayout.size)
        var parser = MessageParser()
        var read = 0
        try pieces.forEach(of: body, in: 0..<size, self) { bytes, place in
            parser.consume(bytes.span.extracting(place))
            read += place.count
            return true
        }
        guard read == size else { throw StoreError.broken("body \(body) is shorter than its message says") }
        let parsed = parser.finish()
        return Outline(
            envelope: ByteBuffer(bytes: parsed.envelope), bodyStructure: ByteBuffer(bytes: parsed.bodyStructure))
    }

    /// The next rows that groups stand for, as many as a short job may empty; nil when there are none.
    fileprivate func rowsToEmpty() throws -> EmptiedRows? {
        let (first, made) = (try db.emptiedGroups(), try db.nextGroup(.outlines))
        guard first < made else { return nil }
        let end = min(made, first + EmptiedRows.groups)
        var bodies: [BodyID] = []
        for number in first..<end {
            for (body, pack) in try group(.outlines, number)?.all ?? [:] {
                // What is not read back as it is in the row stays there.
                if let row = try outlineOfRow(body), row.pack != pack { continue }
                bodies.append(body)
            }
        }
        return EmptiedRows(first: first, end: end, bodies: bodies.sorted())
    }
}

/// Rows that are about to be emptied.
private struct EmptiedRows: Sendable {
    /// Of one step, which takes some milliseconds.
    static let groups: Int64 = 32

    let first: Int64
    let end: Int64
    let bodies: [BodyID]
}

extension AccountStore {
    /// - Returns: false when nothing was left to do.
    func emptySomeRows() async throws(StoreError) -> Bool {
        let compression = compression
        let rows = try await file.read(isLong: true) { db in
            try AccountReader(db: db, compression: compression).rowsToEmpty()
        }
        guard let rows else { return false }
        try await write { try $0.empty(rows) }
        return true
    }
}

extension WriteOperation {
    /// Nothing when somebody else was faster.
    fileprivate func empty(_ rows: EmptiedRows) throws {
        guard try db.emptiedGroups() == rows.first else { return }
        // SQLite joins pages that have become empty when rows are deleted, never when they are made shorter: so all go
        // and come back. Nothing refers to them by more than their ids.
        var shorter: [[SQLValue]] = []
        for body in rows.bodies {
            let row = try db.first(
                "SELECT size, header_size, sent_date, message_id, parts, preview FROM body WHERE id = ?",
                .int(body.rawValue)
            ) { row -> [SQLValue] in
                [
                    .int(body.rawValue), .int(row.int(0)), .int(row.int(1)), .optional(row.optionalInt(2)),
                    .optional(row.isNull(3) ? nil : row.blob(3)), .blob(row.blob(4)), .optional(row.optionalText(5)),
                ]
            }
            if let row { shorter.append(row) }
            try db.run("DELETE FROM body WHERE id = ?", .int(body.rawValue))
        }
        for row in shorter {
            try db.run(
                """
                INSERT INTO body
                    (id, size, header_size, sent_date, message_id, parts, preview, envelope, body_structure)
                VALUES (?, ?, ?, ?, ?, ?, ?, x'', x'')
                """, row[0], row[1], row[2], row[3], row[4], row[5], row[6])
        }
        try db.run("UPDATE search_state SET emptied_groups = ? WHERE id = 1", .int(rows.end))
    }

    /// Puts into rows what neither they nor groups have any more; what cannot be read is left out.
    func restoreOutlines() throws {
        let reader = AccountReader(db: db, compression: Compression())
        var empty: [BodyID] = []
        try db.each("SELECT id FROM body WHERE envelope = x'' OR body_structure = x'' ORDER BY id") { row in
            empty.append(BodyID(rawValue: row.int(0)))
        }
        for body in empty where try reader.outlineOfGroup(body) == nil {
            guard let outline = try? reader.outline(of: body) else { continue }
            try db.run(
                "UPDATE body SET envelope = ?, body_structure = ? WHERE id = ?", .bytes(outline.envelope),
                .bytes(outline.bodyStructure), .int(body.rawValue))
        }
    }
}

extension Database {
    func emptiedGroups() throws -> Int64 {
        try first("SELECT emptied_groups FROM search_state WHERE id = 1") { $0.int(0) } ?? 0
    }
}
