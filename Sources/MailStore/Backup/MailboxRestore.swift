// A mailbox or a message as a backup has it, brought into an account that is in use.
//
// Theory. Clients that remember a mailbox go by UIDVALIDITY: under one, a UID means one message for ever. So a mailbox
// gets its old UIDVALIDITY and its messages their old UIDs only where nothing has that UIDVALIDITY now, neither a
// mailbox nor a deleted one that could come back with it, and the account has given it out; UIDNEXT goes far ahead
// then, beyond what the mailbox gave out after the backup. Otherwise the mailbox is a new one to everybody: another
// name, a new UIDVALIDITY, UIDs from 1 on. It is filled under a name that says so, in operations of bounded size, and
// gets its own when all is there. What else belongs to a mailbox comes with it (`RestoredTraits.swift`). Each message
// keeps the EMAILID and the THREADID that it was known under, as a copy from another account does (`Origins.swift`):
// they name its bytes, which are the same.

import GRDB
package import Mail
import NIOCore

/// What was restored.
package struct RestoredMailbox: Sendable {
    package let name: MailboxName
    package let messages: Int
    /// UIDVALIDITY and UIDs are those of the backup.
    package let keepsUIDs: Bool
    /// Who has rights on it again, as at the time of the backup.
    package let grantees: Set<Grantee>
}

/// What of a backup's messages is wanted.
package struct BackupChoice: Sendable {
    /// With its angle brackets, as in the header.
    package var messageID: String?
    package var mailbox: MailboxName?
    package var uid: UID?

    package init() {}
}

/// A message of a backup.
package struct BackupMessage: Sendable {
    package let mailbox: MailboxName
    package let uid: UID
    package let size: UInt32
    package let messageID: [UInt8]?
    let mailboxID: MailboxID
}

extension Store {
    private static let batch = (messages: 100, bytes: 16 << 20)

    /// Brings a mailbox of `copy` into an account.
    /// - Parameters:
    ///   - newName: nil for its own name, or one like it where that is taken.
    ///   - seconds: since the backup was made.
    ///   - withRights: whether others get the rights on it that they had; not those of another account's mailbox.
    /// - Throws: `.mailboxNotFound` in the backup, `.mailboxExists` for `newName`, `.overQuota`, `.limit`.
    package func restoreMailbox(
        _ name: MailboxName, of copy: AccountStore, to account: AccountStore, as newName: MailboxName?,
        secondsSinceBackup seconds: Int64, withRights: Bool = false, progress: (Int) -> Void = { _ in }
    ) async throws(StoreError) -> RestoredMailbox {
        guard let info = try await copy.mailbox(name) else { throw .mailboxNotFound(name) }
        if let newName, try await account.mailbox(newName) != nil { throw .mailboxExists(newName) }
        let mayRevive = try await account.mayRevive(info, RestoredGap(seconds: seconds))
        let keepsUIDs = mayRevive && newName == nil
        let target = try await account.restoredName(newName ?? name, isFree: keepsUIDs || newName != nil)
        let filled = try await account.freeName(like: target, saying: "being restored")
        let made = try await account.makeRestored(filled, keepsUIDs ? info : nil)
        // A message without a thread has no THREADID to keep.
        try await copy.completeThreads()
        let rows = try await copy.messages(.all, in: info.id, for: .none)
        var (batch, bytes, done): ([RestoredMessage], Int, Int) = ([], 0, 0)
        for row in rows {
            let uid = row.entry.uid
            let saved = keepsUIDs ? try await copy.read { try $0.saveDate(of: uid, in: info.id) } : nil
            batch.append(RestoredMessage(uid: uid, saveDate: saved, message: try await staged(row, of: copy)))
            bytes += Int(row.entry.size)
            let isLast = row.entry.uid == rows.last?.entry.uid
            guard isLast || batch.count == Self.batch.messages || bytes > Self.batch.bytes else { continue }
            try await account.put(batch, into: made, keepsUIDs: keepsUIDs)
            done += batch.count
            progress(done)
            (batch, bytes) = ([], 0)
        }
        var traits = try await copy.restoredTraits(of: info.id)
        if copy.id != account.id { traits.forgetOthers() }
        if target != name { traits.specialUse = nil }
        if !withRights { traits.access = nil }
        try await account.finishRestored(
            made, as: target, uidNext: keepsUIDs ? Int64(info.uidNext) + RestoredGap(seconds: seconds).uids : nil,
            traits)
        for grantee in traits.grantees { try await directory.noteShare(account.id, grantee) }
        return RestoredMailbox(
            name: target, messages: rows.count, keepsUIDs: keepsUIDs, grantees: traits.grantees)
    }

    /// Brings messages of `copy` into an account, as new messages of the mailbox they were in, with their flags (but
    /// \Deleted) and their dates; a mailbox that is missing is made.
    /// - Parameter target: where they go; nil for the mailbox that they were in.
    package func restoreMessages(
        _ messages: [BackupMessage], of copy: AccountStore, to account: AccountStore, into target: MailboxName?
    ) async throws(StoreError) -> UndeleteOutcome {
        var counts: [MailboxName: Int] = [:]
        try await copy.completeThreads()
        for message in messages {
            let rows = try await copy.messages(UIDSet([message.uid]), in: message.mailboxID, for: .none)
            guard let row = rows.first else { throw .messageGone }
            let name = target ?? message.mailbox
            if try await account.mailbox(name) == nil { _ = try await account.createMailbox(name, isSubscribed: true) }
            let wanted = CopiedMessage(entry: row.entry, flags: row.flags.subtracting(Flags(.deleted)))
            _ = try await account.append([try await staged(wanted, of: copy)], to: name)
            counts[name, default: 0] += 1
        }
        return UndeleteOutcome(
            mailboxes: counts.map { (name: $0.key, count: $0.value) }.sorted { $0.name < $1.name }, copies: 0)
    }

    private func staged(_ row: CopiedMessage, of copy: AccountStore) async throws(StoreError) -> NewMessage {
        let staged = try await stage(row.entry, of: copy, spoolRoom())
        let (body, owner) = (row.entry.bodyID, copy.id)
        let origin = try await copy.read { try $0.origin(of: body, in: owner) }
        return NewMessage(staged, flags: row.flags, internalDate: row.entry.internalDate, origin: origin)
    }
}

extension AccountStore {
    /// The messages of a backup's copy that are wanted, in the order of their mailboxes' names.
    package func messages(_ choice: BackupChoice) async throws(StoreError) -> [BackupMessage] {
        try await file.read { db in
            var found: [BackupMessage] = []
            try db.each(
                """
                SELECT m.id, m.name, x.uid, x.size, b.message_id FROM message x JOIN mailbox m ON m.id = x.mailbox_id
                JOIN body b ON b.id = x.body_id
                WHERE (?1 IS NULL OR b.message_id = ?1) AND (?2 IS NULL OR m.name = ?2) AND (?3 IS NULL OR x.uid = ?3)
                ORDER BY m.name, x.uid
                """, .optional(choice.messageID.map { Array($0.utf8) }), .optional(choice.mailbox?.text),
                .optional(choice.uid.map { Int64($0.rawValue) })
            ) { row in
                guard let uid = UID(row.uint32(2)) else { throw StoreError.broken("a message has UID \(row.int(2))") }
                found.append(
                    BackupMessage(
                        mailbox: try MailboxName(stored: row.text(1)), uid: uid, size: row.uint32(3),
                        messageID: row.isNull(4) ? nil : row.blob(4), mailboxID: MailboxID(rawValue: row.int(0))))
            }
            return found
        }
    }

    /// Whether there is a message with this Message-ID.
    package func hasMessage(_ messageID: [UInt8]) async throws(StoreError) -> Bool {
        try await file.read { db in
            try db.first(
                """
                SELECT 1 FROM body WHERE message_id = ? AND EXISTS (SELECT 1 FROM message WHERE body_id = body.id)
                """, .blob(messageID)
            ) { _ in true } ?? false
        }
    }

    /// Whether a mailbox of a backup of this account can have its own name, UIDVALIDITY and UIDs again.
    fileprivate func mayRevive(_ info: MailboxInfo, _ gap: RestoredGap) async throws(StoreError) -> Bool {
        guard Int64(info.uidNext) + gap.uids <= 1 << 32 else { return false }
        return try await file.read { db in
            try db.first(
                """
                SELECT 1 FROM account_state WHERE last_uid_validity >= ?1
                AND NOT EXISTS (SELECT 1 FROM mailbox WHERE uid_validity = ?1)
                AND NOT EXISTS (SELECT 1 FROM mailbox WHERE name = ?2 AND deleted_at IS NULL)
                """, .int(info.uidValidity.rawValue), .text(info.name.text)
            ) { _ in true } ?? false
        }
    }

    fileprivate func restoredName(_ name: MailboxName, isFree: Bool) async throws(StoreError) -> MailboxName {
        if isFree { return name }
        return try await mailbox(name) == nil ? name : freeName(like: name, saying: "restored")
    }

    /// `Lists (restored)`, `Lists (restored 2)`: the first that no mailbox has.
    fileprivate func freeName(like name: MailboxName, saying word: String) async throws(StoreError) -> MailboxName {
        for number in 1...1_000 {
            let ending = number == 1 ? " (\(word))" : " (\(word) \(number))"
            guard let other = try? MailboxName(name.text + ending) else { break }
            if try await mailbox(other) == nil { return other }
        }
        throw .limit("there is no free name like \"\(name)\"; give one")
    }

    /// - Parameter old: whose UIDVALIDITY it gets, and with that its MAILBOXID (RFC 8474 §4); nil for a new one.
    fileprivate func makeRestored(_ name: MailboxName, _ old: MailboxInfo?) async throws(StoreError) -> MailboxID {
        try await write { operation in
            try operation.createAncestors(of: name)
            let row = try operation.create(name)
            guard let old else { return row.id }
            try operation.db.run(
                "UPDATE mailbox SET uid_validity = ? WHERE id = ?", .int(old.uidValidity.rawValue),
                .int(row.id.rawValue))
            return try operation.give(old.id, to: row.id) ? old.id : row.id
        }
    }

    fileprivate func put(
        _ messages: [RestoredMessage], into mailbox: MailboxID, keepsUIDs: Bool
    ) async throws(StoreError) {
        try await write { operation in
            for message in messages {
                guard let row = try operation.find(mailbox) else { throw StoreError.messageGone }
                let uidNext = keepsUIDs ? UInt64(message.uid.rawValue) : row.uidNext
                _ = try operation.append(
                    [message.message],
                    to: WriteOperation.MailboxRow(
                        id: row.id, name: row.name, uidValidity: row.uidValidity, uidNext: uidNext))
                guard let saved = message.saveDate else { continue }
                try operation.db.run(
                    "UPDATE message SET save_date = ? WHERE mailbox_id = ? AND uid = ?", .int(saved),
                    .int(mailbox.rawValue), .int(message.uid.rawValue))
            }
        }
    }

    fileprivate func finishRestored(
        _ mailbox: MailboxID, as name: MailboxName, uidNext: Int64?, _ traits: RestoredTraits
    ) async throws(StoreError) {
        let filled = try await file.read { db in
            try db.first("SELECT name FROM mailbox WHERE id = ?", .int(mailbox.rawValue)) {
                try MailboxName(stored: $0.text(0))
            }
        }
        guard let filled else { throw .messageGone }
        try await renameMailbox(filled, to: name)
        try await write { operation in
            if let uidNext {
                // Of what was in it beside there are no tombstones.
                try operation.db.run(
                    """
                    UPDATE mailbox SET uid_next = max(uid_next, ?1), modseq = ?2, tombstones_since = ?2 WHERE id = ?3
                    """, .int(uidNext), .int(try operation.nextModSeq().rawValue), .int(mailbox.rawValue))
            }
            try operation.subscribe(name)
            try operation.give(traits, to: mailbox)
        }
    }
}

private struct RestoredMessage: Sendable {
    let uid: UID
    /// nil for a message that is new in its mailbox.
    let saveDate: Int64?
    let message: NewMessage
}
