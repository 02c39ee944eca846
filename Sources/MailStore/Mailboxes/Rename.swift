// RENAME: a mailbox and everything below it; of INBOX only the messages go (RFC 3501 §6.3.5).

package import Mail

extension AccountStore {
    /// Gives a mailbox and those below it a new name; UIDs, UIDVALIDITY, access lists and
    /// sessions stay with them.
    ///
    /// INBOX itself stays: its messages move to a new mailbox of that name, and what is below INBOX is not touched.
    /// - Throws: `.mailboxNotFound`, `.mailboxExists`, `.mailboxRefused` when `new` lies below `old`.
    package func renameMailbox(_ old: MailboxName, to new: MailboxName) async throws(StoreError) {
        try await writeShared { operation in
            let row = try operation.require(old, for: .deleteMailbox)
            try operation.refuseTaken(new)
            _ = try operation.requireParent(of: new)
            guard !new.isReserved else { throw StoreError.mailboxRefused(new, reason: MailboxName.reservedReason) }
            if old.isInbox {
                guard operation.guest == nil else { throw StoreError.notPermitted }
                try operation.createAncestors(of: new)
                let target = try operation.create(new)
                _ = try operation.move(.all, from: row, to: target)
                try operation.copyAnnotations(from: row.id, to: target.id)
                operation.effects.committed.news.renamedInboxes.insert(target.id)
                return
            }
            guard !old.isAncestor(of: new) else {
                throw StoreError.mailboxRefused(old, reason: "it cannot be moved below itself, to \"\(new)\"")
            }
            guard !new.isInbox else { throw StoreError.mailboxExists(new) }
            let family = [row] + (try operation.children(of: old))
            for member in family { try operation.rename(member, old, new) }
            try operation.createAncestors(of: new)
        }
    }
}

extension WriteOperation {
    fileprivate mutating func rename(_ member: MailboxRow, _ old: MailboxName, _ new: MailboxName) throws {
        let name: MailboxName
        do throws(MailboxName.Problem) {
            name = try member.name.replacing(old, by: new)
        } catch {
            throw StoreError.mailboxRefused(member.name, reason: "its new name is not allowed: \(error.explanation)")
        }
        guard try find(name) == nil else { throw StoreError.mailboxExists(name) }
        try db.run(
            "UPDATE mailbox SET name = ? WHERE id = ?", .text(name.text), .int(member.id.rawValue))
        effects.changes.append(.renamed(member.id, name))
    }
}
