// Which messages were expunged since a client last looked (RFC 7162 §3.2.6): what the tombstones tell.

package import Mail

extension AccountStore {
    /// The UIDs of messages expunged from a mailbox after a MODSEQ. Exact however long ago: tombstones are kept.
    /// - Parameter uids: only these.
    package func vanished(
        from mailbox: MailboxID, since modSeq: ModSeq, among uids: UIDSet
    ) async throws(StoreError) -> UIDSet {
        guard !uids.isEmpty else { return UIDSet() }
        let guest = guest
        return try await file.read(isBrief: true) { db in
            if guest != nil { try db.requireReadable(mailbox, by: guest) }
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
