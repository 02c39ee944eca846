// EXPUNGE: messages with \Deleted become tombstones (RFC 3501 §6.4.3, RFC 4315 §2.1).

package import Mail

extension AccountStore {
    /// Removes the messages that have \Deleted, of the set when one is given.
    /// - Returns: their UIDs, ascending.
    /// - Throws: `.messageGone` when the mailbox is gone.
    package func expunge(in mailbox: MailboxID, only uids: UIDSet? = nil) async throws(StoreError) -> [UID] {
        try await write { operation in
            guard let row = try operation.find(mailbox) else { throw StoreError.messageGone }
            let deleted = try operation.db.first("SELECT deleted FROM mailbox WHERE id = ?", .int(row.id.rawValue)) {
                $0.int(0)
            }
            guard deleted != 0 else { return [] }
            let rows = try operation.messages(uids ?? .all, in: row.id).filter { $0.system.contains(.deleted) }
            try operation.remove(rows, from: row.id)
            return rows.map(\.entry.uid)
        }
    }

    /// Gives back the bodies of messages expunged before a time; what they were stays known, for VANISHED.
    /// - Parameter before: in seconds since 1970.
    /// - Returns: how many tombstones lost their body.
    package func purge(expungedBefore before: Int64) async throws(StoreError) -> Int {
        var purged = 0
        while true {
            let count = try await write { try $0.purgeSome(before) }
            purged += count
            if count == 0 { return purged }
        }
    }
}

extension WriteOperation {
    /// A bounded number, so that no other operation waits for all of them.
    fileprivate func purgeSome(_ before: Int64) throws -> Int {
        var found: [(mailbox: Int64, uid: Int64, body: Int64)] = []
        try db.each(
            """
            SELECT mailbox_id, uid, body_id FROM tombstone WHERE body_id IS NOT NULL AND expunged_at < ? LIMIT 200
            """, .int(before)
        ) { found.append(($0.int(0), $0.int(1), $0.int(2))) }
        for tombstone in found {
            try db.run(
                "UPDATE tombstone SET body_id = NULL WHERE mailbox_id = ? AND uid = ?", .int(tombstone.mailbox),
                .int(tombstone.uid))
            let isUsed = try db.first(
                """
                SELECT EXISTS (SELECT 1 FROM message WHERE body_id = ?)
                OR EXISTS (SELECT 1 FROM tombstone WHERE body_id = ?)
                """, .int(tombstone.body), .int(tombstone.body)
            ) { $0.int(0) != 0 }
            guard isUsed == false else { continue }
            let first = tombstone.body << ChunkLayout.numberBits
            try db.run(
                "DELETE FROM body_chunk WHERE id BETWEEN ? AND ?", .int(first),
                .int(first | (1 << ChunkLayout.numberBits - 1)))
            try db.run("DELETE FROM body WHERE id = ?", .int(tombstone.body))
        }
        return found.count
    }
}
