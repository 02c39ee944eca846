// Undelete of a mailbox: it comes back as it was when it was deleted, with the UIDs of its messages.
//
// A deleted mailbox keeps its row, and its tombstones with the MODSEQ of the deletion are the messages that were in it
// then; what was expunged before has a lower one. The same messages under the same UIDVALIDITY keep their UIDs, so that
// a client that remembers the mailbox still knows it; their MODSEQ is new, so that one that synchronises by it hears of
// them.

import GRDB
package import Mail

/// A mailbox that was deleted and can be restored.
package struct DeletedMailbox: Sendable {
    package let name: MailboxName
    /// In seconds since 1970.
    package let deletedAt: Int64
    /// That were in it when it was deleted and can be restored.
    package let messages: Int
    /// The sum of their sizes.
    package let size: Int64
}

extension AccountStore {
    /// The mailboxes that can be restored, the last to be deleted first.
    package func deletedMailboxes() async throws(StoreError) -> [DeletedMailbox] {
        guard guest == nil else { throw .notPermitted }
        return try await file.read { db in
            var all: [DeletedMailbox] = []
            try db.each(
                """
                SELECT m.name, m.deleted_at, count(t.uid), coalesce(sum(t.size), 0)
                FROM mailbox m LEFT JOIN tombstone t
                ON t.mailbox_id = m.id AND t.modseq = m.modseq AND t.body_id IS NOT NULL
                WHERE m.deleted_at IS NOT NULL GROUP BY m.id ORDER BY m.deleted_at DESC, m.id DESC
                """
            ) { row in
                all.append(
                    DeletedMailbox(
                        name: try MailboxName(stored: row.text(0)), deletedAt: row.int(1), messages: Int(row.int(2)),
                        size: row.int(3)))
            }
            return all
        }
    }

    /// Brings back the mailbox of that name that was deleted last, subscribed, with its special use if that is free.
    /// - Parameter newName: what it is to be called; nil for its old name.
    /// - Throws: `.notFound` when no such mailbox was deleted or its time is over, `.mailboxExists` when the name is
    ///   taken, `.overQuota`, `.limit`.
    package func undeleteMailbox(
        _ name: MailboxName, as newName: MailboxName? = nil
    ) async throws(StoreError) -> MailboxInfo {
        let target = newName ?? name
        try await write { operation in
            guard let deleted = try operation.findDeleted(name) else {
                throw StoreError.notFound(kind: "deleted mailbox", name: name.text)
            }
            guard try operation.find(target) == nil else { throw StoreError.mailboxExists(target) }
            try operation.refuseOneMailboxMore()
            try operation.createAncestors(of: target)
            try operation.revive(deleted, as: target)
            try operation.subscribe(target)
        }
        guard let info = try await mailbox(target) else { throw .mailboxNotFound(target) }
        return info
    }
}

extension WriteOperation {
    fileprivate struct DeletedRow {
        let id: MailboxID
        /// The deletion's.
        let modSeq: Int64
        let specialUse: SpecialUse?
    }

    fileprivate func findDeleted(_ name: MailboxName) throws -> DeletedRow? {
        try db.first(
            """
            SELECT id, modseq, special_use FROM mailbox WHERE name = ? AND deleted_at IS NOT NULL
            ORDER BY deleted_at DESC, id DESC LIMIT 1
            """, .text(name.text)
        ) { row in
            DeletedRow(
                id: MailboxID(rawValue: row.int(0)), modSeq: row.int(1),
                specialUse: row.optionalText(2).flatMap { SpecialUse(rawValue: $0) })
        }
    }

    fileprivate mutating func revive(_ deleted: DeletedRow, as name: MailboxName) throws {
        let key = SQLValue.int(deleted.id.rawValue)
        effects.committed.news.hasNewNames = true
        let modSeq = try nextModSeq()
        let use = try deleted.specialUse.flatMap { try holder(of: $0) == nil ? $0 : nil }
        try db.run(
            "UPDATE mailbox SET name = ?, special_use = ?, deleted_at = NULL WHERE id = ?", .text(name.text),
            .optional(use?.rawValue), key)
        var counts = MailboxCounts()
        try db.each(
            """
            SELECT size, flag_set FROM tombstone WHERE mailbox_id = ? AND modseq = ? AND body_id IS NOT NULL
            """, key, .int(deleted.modSeq)
        ) { row in
            counts.add(row.uint32(0), effects.flagSets[FlagSetID(rawValue: row.uint32(1))].flags.system)
        }
        try db.refuseOverQuota(adding: counts.size, messages: counts.messages)
        try db.run(
            """
            INSERT INTO message (mailbox_id, uid, modseq, flag_set, internal_date, save_date, size, body_id)
            SELECT mailbox_id, uid, ?3, flag_set, internal_date, save_date, size, body_id FROM tombstone
            WHERE mailbox_id = ?1 AND modseq = ?2 AND body_id IS NOT NULL
            """, key, .int(deleted.modSeq), .int(modSeq.rawValue))
        try db.run(
            "DELETE FROM tombstone WHERE mailbox_id = ? AND modseq = ? AND body_id IS NOT NULL", key,
            .int(deleted.modSeq))
        try add(counts, to: deleted.id, modSeq: modSeq)
    }
}
