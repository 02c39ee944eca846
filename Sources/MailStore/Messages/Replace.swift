// REPLACE: a message in place of another, in one commit (RFC 8508).

package import Mail

extension AccountStore {
    /// Removes a message and adds another one, to the same mailbox or to a different one: both or neither. What the
    /// first took of the quota is free for the second.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`, `.messageGone` when the first is not there, `.overQuota`,
    ///   `.limit`.
    package func replace(
        _ uid: UID, in source: MailboxID, with message: NewMessage, to name: MailboxName
    ) async throws(StoreError) -> AppendOutcome {
        try await writeShared { operation in
            let target = try operation.require(name, for: .insert)
            // RFC 8508 §4.1: the rights of STORE \Deleted, EXPUNGE and APPEND together.
            let from = try operation.requireSelected(source, for: .delete)
            let rows = try operation.messages(UIDSet([uid]), in: from.id)
            guard !rows.isEmpty else { throw StoreError.messageGone }
            try operation.remove(rows, from: from.id)
            return try operation.append([message], to: target)
        }
    }
}
