// DELETE: the name is free again, the messages become tombstones (RFC 3501 §6.3.4).

package import Mail

extension AccountStore {
    /// Deletes a mailbox that has none below it. Its messages stay restorable for the retention time.
    /// - Throws: `.mailboxNotFound`, `.notPermitted`; `.mailboxRefused` for INBOX, or with others below it.
    package func deleteMailbox(_ name: MailboxName) async throws(StoreError) {
        try await writeShared { operation in
            let row = try operation.require(name, for: .deleteMailbox)
            guard !name.isInbox else {
                throw StoreError.mailboxRefused(name, reason: "INBOX cannot be deleted")
            }
            let child = try operation.children(of: name).first
            if let child { throw StoreError.mailboxHasChildren(name, child: child.name) }
            try operation.expungeAll(in: row)
            // The mailbox's MODSEQ tells afterwards which tombstones are the deletion's own.
            try operation.db.run(
                "UPDATE mailbox SET deleted_at = ?, modseq = ? WHERE id = ?", .int(currentSeconds()),
                .int(try operation.nextModSeq().rawValue), .int(row.id.rawValue))
            try operation.removeAccess(row.id)
            operation.effects.changes.append(.deleted(row.id))
        }
    }
}

extension WriteOperation {
    /// The mailboxes below a name, at every depth.
    func children(of name: MailboxName) throws -> [MailboxRow] {
        // '0' follows '/': every name that begins with "name/" lies between.
        var result: [MailboxRow] = []
        var names: [MailboxName] = []
        try db.each(
            "SELECT name FROM mailbox WHERE deleted_at IS NULL AND name > ? AND name < ?", .text(name.text + "/"),
            .text(name.text + "0")
        ) { row in names.append(try MailboxName(stored: row.text(0))) }
        for name in names { result.append(try require(name)) }
        return result
    }
}
