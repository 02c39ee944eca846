// REPLACE: a message in place of another, within an account in one commit (RFC 8508).

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
            try operation.remove([rows], from: from.id)
            return try operation.append([message], to: target)
        }
    }
}

extension Store {
    /// As above, from one account's mail to another's. Two files have no common transaction: the new message is stored
    /// first, so whatever breaks between leaves both and never neither. What the first took of its account's quota is
    /// nothing to the other's.
    package func replace(
        _ uid: UID, in source: MailboxID, of account: AccountStore, with message: NewMessage, to name: MailboxName,
        of target: AccountStore
    ) async throws(StoreError) -> AppendOutcome {
        guard try await !account.messages(UIDSet([uid]), in: source, for: .delete).isEmpty else {
            throw .messageGone
        }
        let outcome = try await target.append([message], to: name)
        try await account.remove(UIDSet([uid]), from: source)
        return outcome
    }
}
