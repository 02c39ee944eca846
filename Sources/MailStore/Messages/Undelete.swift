// Undelete: expunged messages come back, as messages of their own with new UIDs, while their bodies are kept.
//
// A message of which there is still a copy in the account was moved rather than lost: it is passed over unless the
// caller wants it all the same. Of several expunged copies of one message the last to go is the one that comes back.

import GRDB
package import Mail

/// Which expunged messages are meant.
package struct ExpungedChoice: Sendable {
    /// The mailbox that they were in, also one that is deleted.
    package var mailbox: MailboxName?
    /// When they were expunged, in seconds since 1970: from the first on, before the second.
    package var since: Int64?
    package var before: Int64?
    /// With its angle brackets, as in the header.
    package var messageID: String?
    /// Also messages of which there is a copy.
    package var withCopies = false

    package init() {}
}

/// A message that can be restored.
package struct ExpungedMessage: Sendable {
    package let mailbox: MailboxName
    /// The mailbox is deleted too.
    package let isMailboxDeleted: Bool
    package let size: UInt32
    package let internalDate: MailDate
    /// In seconds since 1970.
    package let expungedAt: Int64
    package let messageID: [UInt8]?
    /// There is a message with the same body in the account, or one that was expunged later.
    package let hasCopy: Bool

    let mailboxID: MailboxID
    let uid: UID
    let flagSet: FlagSetID
    let bodyID: BodyID
}

/// What came back.
package struct UndeleteOutcome: Sendable {
    /// In the order of their names: the mailboxes that got messages, and how many.
    package let mailboxes: [(name: MailboxName, count: Int)]
    /// Messages passed over because there is a copy.
    package let copies: Int

    package var messages: Int { mailboxes.reduce(0) { $0 + $1.count } }
}

extension AccountStore {
    /// What `undelete` would look at, the last to go first; those with copies too.
    package func expungedMessages(_ choice: ExpungedChoice) async throws(StoreError) -> [ExpungedMessage] {
        guard guest == nil else { throw .notPermitted }
        return try await file.read { try $0.expungedMessages(choice) }
    }

    /// Brings expunged messages back, all or none: their flags (but \Deleted) and INTERNALDATE, new UIDs.
    /// - Parameter target: where they go; nil for the mailbox they were in, which is made again if it is gone.
    /// - Throws: `.mailboxNotFound` for `target`, `.overQuota`, `.limit`.
    package func undelete(
        _ choice: ExpungedChoice, into target: MailboxName? = nil
    ) async throws(StoreError) -> UndeleteOutcome {
        try await write { operation in
            let found = try operation.db.expungedMessages(choice)
            let chosen = choice.withCopies ? found : found.filter { !$0.hasCopy }
            try operation.db.refuseOverQuota(
                adding: chosen.reduce(0) { $0 + Int64($1.size) }, messages: Int64(chosen.count))
            var counts: [(name: MailboxName, count: Int)] = []
            for (origin, messages) in Dictionary(grouping: chosen, by: \.mailboxID) {
                guard let name = messages.first?.mailbox else { continue }
                let row = try operation.undeleteTarget(target ?? name, origin: target == nil ? origin : nil)
                try operation.restore(messages.sorted { $0.uid < $1.uid }, into: row)
                counts.append((row.name, messages.count))
            }
            let summed = Dictionary(counts.map { ($0.name, $0.count) }, uniquingKeysWith: +)
            return UndeleteOutcome(
                mailboxes: summed.map { (name: $0.key, count: $0.value) }.sorted { $0.name < $1.name },
                copies: found.count - chosen.count)
        }
    }
}

extension Database {
    fileprivate func expungedMessages(_ choice: ExpungedChoice) throws -> [ExpungedMessage] {
        var found: [ExpungedMessage] = []
        var bodies: Set<BodyID> = []
        try each(
            """
            SELECT t.mailbox_id, m.name, m.deleted_at IS NOT NULL, t.uid, t.size, t.internal_date, t.expunged_at,
            t.flag_set, t.body_id, b.message_id, EXISTS (SELECT 1 FROM message WHERE body_id = t.body_id)
            FROM tombstone t JOIN mailbox m ON m.id = t.mailbox_id JOIN body b ON b.id = t.body_id
            WHERE (?1 IS NULL OR m.name = ?1) AND t.expunged_at >= ?2 AND t.expunged_at < ?3
            AND (?4 IS NULL OR b.message_id = ?4)
            ORDER BY t.expunged_at DESC, t.modseq DESC, t.mailbox_id, t.uid
            """,
            .optional(choice.mailbox?.text), .int(choice.since ?? 0), .int(choice.before ?? .max),
            .optional(choice.messageID.map { Array($0.utf8) })
        ) { row in
            guard let uid = UID(row.uint32(3)) else { throw StoreError.broken("a tombstone has UID \(row.int(3))") }
            let body = BodyID(rawValue: row.int(8))
            let isLast = bodies.insert(body).inserted
            found.append(
                ExpungedMessage(
                    mailbox: try MailboxName(stored: row.text(1)), isMailboxDeleted: row.int(2) != 0,
                    size: row.uint32(4), internalDate: MailDate(packed: row.int(5)), expungedAt: row.int(6),
                    messageID: row.isNull(9) ? nil : row.blob(9), hasCopy: row.int(10) != 0 || !isLast,
                    mailboxID: MailboxID(rawValue: row.int(0)), uid: uid,
                    flagSet: FlagSetID(rawValue: row.uint32(7)), bodyID: body))
        }
        return found
    }
}

extension WriteOperation {
    /// - Parameter origin: the mailbox that the messages were in, if they are to go back there.
    fileprivate mutating func undeleteTarget(_ name: MailboxName, origin: MailboxID?) throws -> MailboxRow {
        guard let origin else { return try require(name) }
        if let row = try find(origin) ?? find(name) { return row }
        try createAncestors(of: name)
        let row = try create(name)
        try subscribe(name)
        return row
    }

    fileprivate mutating func restore(_ messages: [ExpungedMessage], into target: MailboxRow) throws {
        var uidNext = target.uidNext
        var entries: [MessageEntry] = []
        var counts = MailboxCounts()
        let now = currentSeconds()
        for message in messages {
            let flags = effects.flagSets[message.flagSet].flags.subtracting(Flags(.deleted))
            let entry = MessageEntry(
                uid: try takeUID(&uidNext), flagSet: try flagSet(flags), modSeq: try nextModSeq(),
                size: message.size, internalDate: message.internalDate, bodyID: message.bodyID)
            try insert(entry, saveDate: now, into: target.id)
            // What came back once does not come back twice.
            try db.run(
                "UPDATE tombstone SET body_id = NULL WHERE mailbox_id = ? AND uid = ?",
                .int(message.mailboxID.rawValue), .int(message.uid.rawValue))
            counts.add(entry.size, flags.system)
            entries.append(entry)
        }
        guard !entries.isEmpty else { return }
        try add(counts, to: target.id, uidNext: uidNext, modSeq: try nextModSeq())
        effects.changes.append(.appended(target.id, entries))
    }
}
