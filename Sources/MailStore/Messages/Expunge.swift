// EXPUNGE: messages with \Deleted become tombstones (RFC 3501 §6.4.3, RFC 4315 §2.1).

package import Mail

extension AccountStore {
    /// Removes the messages that have \Deleted, of the set when one is given.
    /// - Returns: their UIDs, ascending.
    /// - Throws: `.messageGone` when the mailbox is gone, `.notPermitted`.
    package func expunge(in mailbox: MailboxID, only uids: UIDSet? = nil) async throws(StoreError) -> [UID] {
        try await writeShared { operation in
            let row = try operation.requireSelected(mailbox, for: .expunge)
            let deleted = try operation.db.first("SELECT deleted FROM mailbox WHERE id = ?", .int(row.id.rawValue)) {
                $0.int(0)
            }
            guard deleted != 0 else { return [] }
            let runs = try operation.runs(of: uids ?? .all, in: row.id) { $0.system.contains(.deleted) }
            try operation.remove(runs, from: row.id)
            return runs.joined().map(\.entry.uid)
        }
    }
}
