// Which messages were expunged since a client last looked (RFC 7162 §3.2.6): what the tombstones tell.
//
// They are kept as long as their mailbox, so that the answer is exact however long ago that was. Where a mailbox has
// come from a backup, tombstones of the time between are missing (`tombstones_since`): to a client that knows the
// mailbox from before, every UID is gone that is not there, whether it ever was or not.

import GRDB
package import Mail

extension AccountStore {
    /// The UIDs of messages expunged from a mailbox after a MODSEQ.
    /// - Parameter uids: only these.
    package func vanished(
        from mailbox: MailboxID, since modSeq: ModSeq, among uids: UIDSet
    ) async throws(StoreError) -> UIDSet {
        guard !uids.isEmpty else { return UIDSet() }
        let guest = guest
        return try await file.read(isBrief: true) { db in
            if guest != nil { try db.requireReadable(mailbox, by: guest) }
            let isIncomplete = try db.first(
                "SELECT 1 FROM mailbox WHERE id = ? AND tombstones_since > ?", .int(mailbox.rawValue),
                .int(modSeq.rawValue)
            ) { _ in true }
            if isIncomplete == true { return try db.missing(uids, in: mailbox) }
            var found: [ClosedRange<UInt32>] = []
            try db.each(
                "SELECT uid FROM tombstone WHERE mailbox_id = ? AND modseq > ?", .int(mailbox.rawValue),
                .int(modSeq.rawValue)
            ) { row in
                let uid = row.uint32(0)
                if uids.contains(rawValue: uid) { found.append(uid...uid) }
                try CachedReads.bound(found.count, to: 1_024)
            }
            return UIDSet(found)
        }
    }
}

extension Database {
    /// Those of the UIDs, below UIDNEXT, that no message has.
    fileprivate func missing(_ uids: UIDSet, in mailbox: MailboxID) throws -> UIDSet {
        let next = try first("SELECT uid_next FROM mailbox WHERE id = ?", .int(mailbox.rawValue)) { $0.int(0) } ?? 1
        var (found, seen): ([ClosedRange<UInt32>], Int) = ([], 0)
        for range in uids.ranges {
            var start = Int64(range.lowerBound)
            let end = min(Int64(range.upperBound), next - 1)
            func add(upTo last: Int64) {
                if start <= last { found.append(UInt32(clamping: start)...UInt32(clamping: last)) }
            }
            try each(
                "SELECT uid FROM message WHERE mailbox_id = ? AND uid BETWEEN ? AND ? ORDER BY uid",
                .int(mailbox.rawValue), .int(start), .int(end)
            ) { row in
                add(upTo: row.int(0) - 1)
                start = row.int(0) + 1
                seen += 1
                try CachedReads.bound(seen, to: 1_024)
            }
            add(upTo: end)
        }
        return UIDSet(found)
    }
}
