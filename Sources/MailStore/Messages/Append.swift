// APPEND, and every other way in: the one place where a message's row and body are made.

import GRDB
package import Mail
import NIOCore

/// A staged message with what its row needs beside the bytes.
package struct NewMessage: Sendable {
    package let staged: StagedMessage
    package let flags: Flags
    package let internalDate: MailDate
    /// An import's name for the message: a message whose key the mailbox has seen is passed over.
    package let importKey: [UInt8]?
    /// Of a copy from another account.
    let origin: MessageOrigin?

    package init(
        _ staged: StagedMessage, flags: Flags = .none, internalDate: MailDate, importKey: [UInt8]? = nil
    ) {
        self.init(staged, flags: flags, internalDate: internalDate, importKey: importKey, origin: nil)
    }

    init(
        _ staged: StagedMessage, flags: Flags, internalDate: MailDate, importKey: [UInt8]? = nil,
        origin: MessageOrigin?
    ) {
        self.staged = staged
        self.flags = flags
        self.internalDate = internalDate
        self.importKey = importKey
        self.origin = origin
    }
}

/// Where messages went.
package struct AppendOutcome: Sendable {
    package let mailboxID: MailboxID
    package let uidValidity: UIDValidity
    /// For each message its UID, or nil when its import key was there already.
    package let uids: [UID?]
}

extension AccountStore {
    /// Adds messages to a mailbox, all or none, durable on return.
    /// Of a guest's flags those are stored that it may set (RFC 4314 §4).
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.overQuota`, `.limit` when no UID is left, `.unavailable`.
    package func append(_ messages: [NewMessage], to name: MailboxName) async throws(StoreError) -> AppendOutcome {
        try await writeShared { operation in
            try operation.append(messages, to: try operation.require(name, for: .insert))
        }
    }

    /// Ends the message and adds it to a mailbox: as `append` of a message that was staged before, with fewer jumps
    /// between threads, and without waiting.
    package func appending(
        _ staging: MessageStaging, internalDate: MailDate, to name: MailboxName
    ) -> Pending<AppendOutcome> {
        let pending = Pending<AppendOutcome>()
        staging.finish { [self] staged in
            switch staged {
            case .failure(let error): pending.resolve(.failure(error))
            case .success(let staged):
                submit(NewMessage(staged, internalDate: internalDate), to: name, pending)
            }
        }
        return pending
    }

    func submit(_ message: NewMessage, to name: MailboxName, _ pending: Pending<AppendOutcome>) {
        submitShared { operation in
            try operation.append([message], to: try operation.require(name, for: .insert))
        } answer: {
            pending.resolve($0)
        }
    }

    /// Looks whether a message of this size could be appended now, before it is let in.
    /// - Parameter messages: how many more there would be; 0 for one that takes another's place.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.overQuota`, `.overMessageQuota`.
    package func checkAppend(
        of size: Int, messages: Int64 = 1, to name: MailboxName
    ) async throws(StoreError) {
        let guest = guest
        try await file.read { db in
            try db.require(name, for: .insert, guest)
            try db.refuseOverQuota(adding: Int64(size), messages: messages)
        }
    }
}

extension WriteOperation {
    mutating func append(_ messages: [NewMessage], to mailbox: MailboxRow) throws -> AppendOutcome {
        var uidNext = mailbox.uidNext
        var entries: [MessageEntry] = []
        var counts = MailboxCounts()
        var uids: [UID?] = []
        let rights = try rights(on: mailbox.id)
        for message in messages {
            if let key = message.importKey, try isImported(key, mailbox.id) {
                uids.append(nil)
                continue
            }
            try db.refuseOverQuota(
                adding: counts.size + Int64(message.staged.size), messages: counts.messages + 1)
            let uid = try takeUID(&uidNext)
            let flags = rights.permitted(message.flags)
            let entry = MessageEntry(
                uid: uid, flagSet: try flagSet(flags), modSeq: try nextModSeq(),
                size: UInt32(clamping: message.staged.size), internalDate: message.internalDate,
                bodyID: try insertBody(message.staged))
            if let origin = message.origin { try insertOrigin(origin, of: entry.bodyID) }
            try insert(entry, saveDate: currentSeconds(), into: mailbox.id)
            if let key = message.importKey { try recordImport(key, mailbox.id, uid) }
            counts.add(entry.size, flags.system)
            entries.append(entry)
            uids.append(uid)
        }
        if !entries.isEmpty {
            try add(counts, to: mailbox.id, uidNext: uidNext, modSeq: try nextModSeq())
            effects.changes.append(.appended(mailbox.id, entries))
        }
        return AppendOutcome(mailboxID: mailbox.id, uidValidity: mailbox.uidValidity, uids: uids)
    }

    /// The next UID; every UID is used once.
    func takeUID(_ uidNext: inout UInt64) throws -> UID {
        guard let raw = UInt32(exactly: uidNext), let uid = UID(raw) else {
            throw StoreError.limit("the mailbox has used up its UIDs; move its messages to a new one")
        }
        uidNext += 1
        return uid
    }

    private mutating func insertBody(_ staged: StagedMessage) throws -> BodyID {
        let parsed = staged.parsed
        try db.run(
            """
            INSERT INTO body (size, header_size, sent_date, message_id, envelope, body_structure, parts, preview)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            .int(parsed.size), .int(parsed.headerSize), .optional(parsed.sentDate?.packed),
            .optional(parsed.messageID), .blob(parsed.envelope), .blob(parsed.bodyStructure),
            .blob(parsed.parts.encoded), .optional(staged.preview))
        let body = BodyID(rawValue: db.lastInsertedRowID)
        try insertSummary(parsed.summary, of: body)
        for (number, chunk) in staged.chunks.enumerated() {
            let data: SQLValue
            switch chunk.place {
            case .memory(let bytes): data = .blob(bytes)
            case .file(let file, let offset, let count): data = .blob(try file.read(at: offset, count: count))
            }
            try db.run(
                "INSERT INTO body_chunk (id, encoding, size, data) VALUES (?, ?, ?, ?)",
                .int(ChunkLayout.key(body, chunk: number)), .int(chunk.encoding), .int(chunk.size), data)
        }
        return body
    }

    private func isImported(_ key: [UInt8], _ mailbox: MailboxID) throws -> Bool {
        try db.first(
            "SELECT 1 FROM import_record WHERE mailbox_id = ? AND key = ?", .int(mailbox.rawValue), .blob(key)
        ) { _ in true } ?? false
    }

    private func recordImport(_ key: [UInt8], _ mailbox: MailboxID, _ uid: UID) throws {
        try db.run(
            "INSERT INTO import_record (mailbox_id, key, uid) VALUES (?, ?, ?)", .int(mailbox.rawValue), .blob(key),
            .int(uid.rawValue))
    }
}
