// MOVE: new rows in one mailbox and tombstones in the other, in one commit (RFC 6851).

package import Mail

extension AccountStore {
    /// Moves the messages of the set that are there, all or none. Never in both mailboxes, never in neither.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.limit`.
    package func move(
        _ uids: UIDSet, from source: MailboxID, to destination: MailboxName
    ) async throws(StoreError) -> CopyOutcome {
        try await writeShared { operation in
            let target = try operation.require(destination, for: .insert)
            // RFC 6851 §4.2: the rights of STORE \Deleted, COPY and EXPUNGE together.
            let from = try operation.requireSelected(source, for: .delete)
            return try operation.move(uids, from: from, to: target)
        }
    }
}

extension WriteOperation {
    mutating func move(_ uids: UIDSet, from source: MailboxRow, to target: MailboxRow) throws -> CopyOutcome {
        let runs = try runs(of: uids, in: source.id)
        let outcome = try duplicate(Array(runs.joined()), of: source.id, into: target)
        try remove(runs, from: source.id, restorable: false)
        return outcome
    }
}
