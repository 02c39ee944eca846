// COPY and MOVE from one account's mail to another's: the bytes are stored again in the other file.
//
// Theory. Two files have no common transaction. First everything is read and staged outside both, then the target
// commits all of it or nothing, and for a MOVE the source is emptied last: whatever breaks between leaves every message
// in at least one of the mailboxes, and at most in both. Each file checks the rights of its own side when it acts.
// A copy keeps EMAILID and THREADID (`Origins.swift`).

package import Mail
import NIOCore

extension Store {
    /// Copies messages to a mailbox of another account, all or none; flags, keywords and INTERNALDATE go along, the
    /// flags as far as they may be set there.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.messageGone` when the source is gone, `.overQuota`, `.limit`.
    package func copy(
        _ uids: UIDSet, from source: MailboxID, of account: AccountStore, to name: MailboxName, of target: AccountStore
    ) async throws(StoreError) -> CopyOutcome {
        try await target.checkAppend(of: 0, to: name)
        let rows = try await account.messages(uids, in: source, for: .none)
        return try await copy(rows, of: account.bound(to: source), to: name, of: target)
    }

    /// As above, and then takes from the source what has been copied.
    package func move(
        _ uids: UIDSet, from source: MailboxID, of account: AccountStore, to name: MailboxName, of target: AccountStore
    ) async throws(StoreError) -> CopyOutcome {
        try await target.checkAppend(of: 0, to: name)
        let rows = try await account.messages(uids, in: source, for: .delete)
        let outcome = try await copy(rows, of: account.bound(to: source), to: name, of: target)
        try await account.remove(UIDSet(rows.map(\.entry.uid)), from: source)
        return outcome
    }

    private func copy(
        _ rows: [CopiedMessage], of account: AccountStore, to name: MailboxName, of target: AccountStore
    ) async throws(StoreError) -> CopyOutcome {
        guard rows.count <= StoreLimits.copiedBetweenAccounts else {
            throw .limit("at most \(StoreLimits.copiedBetweenAccounts) messages go to another account at once")
        }
        try await target.checkAppend(of: rows.reduce(0) { $0 + Int($1.entry.size) }, to: name)
        // A message without a thread has no THREADID to keep.
        try await account.completeThreads()
        let room = spoolRoom()
        var messages: [NewMessage] = []
        for row in rows {
            let staged = try await stage(row.entry, of: account, room)
            let (body, owner) = (row.entry.bodyID, account.id)
            let origin = try await account.read { try $0.origin(of: body, in: owner) }
            messages.append(
                NewMessage(staged, flags: row.flags, internalDate: row.entry.internalDate, origin: origin))
        }
        let outcome = try await target.append(messages, to: name)
        return CopyOutcome(
            uidValidity: outcome.uidValidity,
            pairs: zip(rows, outcome.uids).compactMap { row, uid in
                uid.map { (source: row.entry.uid, destination: $0) }
            })
    }

    /// Stages a message of another file.
    func stage(
        _ entry: MessageEntry, of account: AccountStore, _ room: SpoolRoom
    ) async throws(StoreError) -> StagedMessage {
        let staging = stage(in: room)
        let size = Int(entry.size)
        var start = 0
        do throws(StoreError) {
            while start < size {
                let range = start..<min(start + ChunkLayout.size, size)
                let bytes = try await account.read { reader in
                    var buffer = ByteBuffer()
                    try reader.bytes(of: entry.bodyID, range: range, into: &buffer)
                    return buffer
                }
                guard bytes.readableBytes > 0 else { throw .messageGone }
                start += bytes.readableBytes
                try await staging.write(bytes)
            }
            return try await staging.finish()
        } catch {
            staging.discard()
            throw error
        }
    }
}

/// A message on its way to another account.
struct CopiedMessage: Sendable {
    let entry: MessageEntry
    let flags: Flags
}

extension AccountStore {
    /// The messages of the set that are there, with their flags.
    func messages(
        _ uids: UIDSet, in mailbox: MailboxID, for needed: MailboxRights
    ) async throws(StoreError) -> [CopiedMessage] {
        try await writeShared { operation in
            let row = try operation.requireSelected(mailbox, for: needed)
            return try operation.messages(uids, in: row.id).map { message in
                CopiedMessage(entry: message.entry, flags: operation.effects.flagSets[message.entry.flagSet].flags)
            }
        }
    }

    /// Takes messages out, whatever their flags.
    func remove(_ uids: UIDSet, from mailbox: MailboxID) async throws(StoreError) {
        try await writeShared { operation in
            let row = try operation.requireSelected(mailbox, for: .delete)
            try operation.remove(try operation.runs(of: uids, in: row.id), from: row.id)
        }
    }
}

extension StoreLimits {
    package static let copiedBetweenAccounts = 10_000
}
