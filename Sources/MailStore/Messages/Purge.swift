// What was expunged long enough ago goes for good: its bytes first, then what is left of mailboxes that were deleted.
//
// Theory. A tombstone with a body is a message that can be restored; without one it only says what vanished (RFC 7162).
// Purging takes the body away, and the body's rows with the last tombstone or message that refers to it. A deleted
// mailbox goes with its tombstones once none of them can be restored. All of it happens in small operations, so that no
// other waits for long; each leaves the file in order, so it may end anywhere.

package import Mail
import Synchronization

/// What a purge came to.
package struct PurgeOutcome: Hashable, Sendable {
    /// Messages that can no longer be restored.
    package var messages = 0
    /// The sum of their sizes.
    package var bytes: Int64 = 0
    /// Deleted mailboxes that are forgotten.
    package var mailboxes = 0

    package static func + (left: PurgeOutcome, right: PurgeOutcome) -> PurgeOutcome {
        PurgeOutcome(
            messages: left.messages + right.messages, bytes: left.bytes + right.bytes,
            mailboxes: left.mailboxes + right.mailboxes)
    }
}

extension AccountStore {
    /// One operation takes so many messages at most, and goes on to the end of the one with which it passes so many
    /// bytes.
    static let purgeStep = (messages: 200, bytes: 16 * 1_024 * 1_024 as Int64, tombstones: 2_000)

    /// Gives back what was expunged before a time.
    /// - Parameters:
    ///   - before: in seconds since 1970.
    ///   - name: only what was expunged from mailboxes of this name, deleted ones too.
    package func purge(
        expungedBefore before: Int64, from name: MailboxName? = nil
    ) async throws(StoreError) -> PurgeOutcome {
        var all = PurgeOutcome()
        while !Task.isCancelled {
            let step = try await write { try $0.purgeMessages(before, name) }
            all = all + step
            if step.messages == 0 { break }
            ownersHandle.mustCountPurged.withLock { $0 = true }
            keys.drop()
        }
        while !Task.isCancelled, let step = try await write({ try $0.purgeMailbox(before, name) }) { all = all + step }
        return all
    }
}

extension WriteOperation {
    fileprivate func purgeMessages(_ before: Int64, _ name: MailboxName?) throws -> PurgeOutcome {
        var found: [(mailbox: Int64, uid: Int64, body: BodyID)] = []
        var outcome = PurgeOutcome()
        try db.each(
            """
            SELECT mailbox_id, uid, body_id, size FROM tombstone
            WHERE body_id IS NOT NULL AND expunged_at < ?1
            AND (?2 IS NULL OR mailbox_id IN (SELECT id FROM mailbox WHERE name = ?2)) LIMIT ?3
            """, .int(before), .optional(name?.text), .int(AccountStore.purgeStep.messages)
        ) { row in
            guard outcome.bytes < AccountStore.purgeStep.bytes else { return }
            found.append((row.int(0), row.int(1), BodyID(rawValue: row.int(2))))
            outcome.bytes += row.int(3)
        }
        var gone: [BodyID] = []
        for tombstone in found {
            try db.run(
                "UPDATE tombstone SET body_id = NULL WHERE mailbox_id = ? AND uid = ?", .int(tombstone.mailbox),
                .int(tombstone.uid))
            if try deleteBodyIfUnused(tombstone.body) { gone.append(tombstone.body) }
        }
        try forgetGroups(of: gone)
        outcome.messages = found.count
        return outcome
    }

    /// - Returns: whether it is gone.
    private func deleteBodyIfUnused(_ body: BodyID) throws -> Bool {
        let isUsed = try db.first(
            """
            SELECT EXISTS (SELECT 1 FROM message WHERE body_id = ?1)
            OR EXISTS (SELECT 1 FROM tombstone WHERE body_id = ?1)
            """, .int(body.rawValue)
        ) { $0.int(0) != 0 }
        guard isUsed == false else { return false }
        try deleteBody(body)
        return true
    }

    /// Every row that a body has alone. The one place where a body goes.
    private func deleteBody(_ body: BodyID) throws {
        let first = ChunkLayout.key(body, chunk: 0)
        try db.run(
            "DELETE FROM body_chunk WHERE id BETWEEN ? AND ?", .int(first),
            .int(first | (1 << ChunkLayout.numberBits - 1)))
        // Nothing of these goes by itself: references are not looked at (see `AccountStore.init`).
        try db.run("DELETE FROM sort_key WHERE body_id = ?", .int(body.rawValue))
        try db.run("DELETE FROM thread_member WHERE body_id = ?", .int(body.rawValue))
        try db.run("DELETE FROM search_large WHERE body_id = ?", .int(body.rawValue))
        try db.run("DELETE FROM body_origin WHERE body_id = ?", .int(body.rawValue))
        try db.run("DELETE FROM body WHERE id = ?", .int(body.rawValue))
    }

    /// Takes away some of what is left of a deleted mailbox; nil when there is none left to be forgotten.
    fileprivate func purgeMailbox(_ before: Int64, _ name: MailboxName?) throws -> PurgeOutcome? {
        let id = try db.first(
            """
            SELECT id FROM mailbox WHERE deleted_at < ?1 AND (?2 IS NULL OR name = ?2)
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE mailbox_id = mailbox.id AND body_id IS NOT NULL)
            """, .int(before), .optional(name?.text)
        ) { $0.int(0) }
        guard let id else { return nil }
        try db.run(
            """
            DELETE FROM tombstone WHERE mailbox_id = ?1 AND uid IN
            (SELECT uid FROM tombstone WHERE mailbox_id = ?1 LIMIT ?2)
            """, .int(id), .int(AccountStore.purgeStep.tombstones))
        let isEmpty = try db.first("SELECT 1 FROM tombstone WHERE mailbox_id = ?", .int(id)) { _ in false } ?? true
        guard isEmpty else { return PurgeOutcome() }
        try db.run("DELETE FROM import_record WHERE mailbox_id = ?", .int(id))
        try db.run("DELETE FROM annotation WHERE mailbox_id = ?", .int(id))
        try db.run("DELETE FROM mailbox WHERE id = ?", .int(id))
        return PurgeOutcome(mailboxes: 1)
    }
}
