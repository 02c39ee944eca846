// An account's mail as somebody else may use it: the same file, writer and views, with every operation checked.
//
// Theory. `AccountStore.accessed(by:)` gives a handle that differs from the owner's in its `guest` alone. The checks
// are made in the transaction that does the work, against the rights that the file holds at that moment, so a right
// that is taken away is gone with the commit that takes it, whatever a session still believes.
//
// Who forgets to check lets nobody in: `write` refuses guests, and only operations that check use `writeShared`; `read`
// lets a guest read where the handle is bound to a mailbox that it may read. What a guest may not look up is to it as
// if it were not there: it gets the very error that a name gets that nobody has.

import GRDB
package import Mail

extension AccountID {
    /// An account that does not exist and that nothing is shared with, not even what is shared with everybody.
    package static let nobody = AccountID(rawValue: -1)
}

extension AccountStore {
    /// This account's mail as another account may use it. From a guest's handle there is no way to another's.
    package func accessed(by guest: AccountID) -> AccountStore {
        AccountStore(self, guest: self.guest == nil ? guest : .nobody, boundTo: nil, session: session)
    }

    /// For a guest: lets `read` work while the guest may read this mailbox. The owner's handle needs no binding.
    package func bound(to mailbox: MailboxID) -> AccountStore {
        guard let guest else { return self }
        return AccountStore(self, guest: guest, boundTo: mailbox, session: session)
    }

    /// Whether the mail is not the user's own.
    package var isForeign: Bool { guest != nil }

    /// Whether both handles are the same user's on the same account, so that one operation can be about both.
    package func isSameAccess(as other: AccountStore) -> Bool { id == other.id && guest == other.guest }

    /// What this handle's user may do with a mailbox; nothing where there is none.
    package func rights(on name: MailboxName) async throws(StoreError) -> MailboxRights {
        let guest = guest
        return try await file.read(isBrief: true) { db in
            let id = try db.first("SELECT id FROM mailbox WHERE name = ? AND deleted_at IS NULL", .text(name.text)) {
                MailboxID(rawValue: $0.int(0))
            }
            return try id.map { try db.rights(of: guest, on: $0) } ?? .none
        }
    }

    /// As above; nothing also where the mailbox has been deleted.
    package func rights(on mailbox: MailboxID) async throws(StoreError) -> MailboxRights {
        let guest = guest
        return try await file.read(isBrief: true) { db in
            let isThere = try db.first(
                "SELECT 1 FROM mailbox WHERE id = ? AND deleted_at IS NULL", .int(mailbox.rawValue)) { _ in true }
            return isThere == true ? try db.rights(of: guest, on: mailbox) : .none
        }
    }

    /// Runs one operation that checks a guest's rights itself.
    func writeShared<T: Sendable>(
        _ work: @escaping @Sendable (inout WriteOperation) throws -> T
    ) async throws(StoreError) -> T {
        try await writer.perform(operation(work))
    }

    /// Runs several such operations, one behind the other; they share a commit where they can.
    func writeShared<T: Sendable>(
        each work: [@Sendable (inout WriteOperation) throws -> T]
    ) async -> [Result<T, StoreError>] {
        await writer.perform(each: work.map(operation))
    }

    /// The same, answered on the writer's thread.
    func submitShared<T: Sendable>(
        _ work: @escaping @Sendable (inout WriteOperation) throws -> T,
        answer: @escaping @Sendable (Result<T, StoreError>) -> Void
    ) {
        writer.submit(operation(work), answer: answer)
    }

    private func operation<T: Sendable>(
        _ work: @escaping @Sendable (inout WriteOperation) throws -> T
    ) -> @Sendable (Database, AccountEffects) throws -> T {
        let (guest, session) = (guest, session)
        return { db, effects in
            let first = effects.changes.count
            var operation = WriteOperation(db: db, effects: effects, guest: guest)
            let result = try work(&operation)
            effects.noteChanges(from: first, by: session)
            return result
        }
    }
}

extension Database {
    /// What a user may do with a mailbox; `nil` is the owner.
    func rights(of guest: AccountID?, on mailbox: MailboxID) throws -> MailboxRights {
        guard let guest else { return .all }
        guard guest.rawValue > 0 else { return .none }
        var rights = GrantedRights()
        try each(
            "SELECT negative, rights FROM acl WHERE mailbox_id = ? AND grantee IN (0, ?)", .int(mailbox.rawValue),
            .int(guest.rawValue)
        ) { rights.add(negative: $0.int(0) != 0, $0.int(1)) }
        return rights.result
    }

    /// What a guest may do with each mailbox; what is missing is not to be seen.
    func visibleRights(of guest: AccountID) throws -> [MailboxID: MailboxRights] {
        guard guest.rawValue > 0 else { return [:] }
        var all: [MailboxID: GrantedRights] = [:]
        try each("SELECT mailbox_id, negative, rights FROM acl WHERE grantee IN (0, ?)", .int(guest.rawValue)) { row in
            all[MailboxID(rawValue: row.int(0)), default: .init()].add(negative: row.int(1) != 0, row.int(2))
        }
        return all.mapValues(\.result).filter { $0.value.contains(.lookup) }
    }
}

/// Adds up a user's entries: what any of them gives, without what a negative one takes.
private struct GrantedRights {
    private var given = MailboxRights.none
    private var taken = MailboxRights.none

    mutating func add(negative: Bool, _ bits: Int64) {
        let rights = MailboxRights(rawValue: UInt16(truncatingIfNeeded: bits)).intersection(.all)
        if negative { taken.formUnion(rights) } else { given.formUnion(rights) }
    }
    var result: MailboxRights { given.subtracting(taken) }
}

extension WriteOperation {
    func rights(on mailbox: MailboxID) throws -> MailboxRights { try db.rights(of: guest, on: mailbox) }

    /// The mailbox, if it is there and the user may do this with it.
    /// - Throws: `.mailboxNotFound` for what a guest may not look up, `.notPermitted`.
    func require(_ name: MailboxName, for needed: MailboxRights) throws -> MailboxRow {
        let row = try require(name)
        try demand(needed, on: row)
        return row
    }

    /// The mailbox that a session has selected.
    /// - Throws: `.messageGone` when it is deleted or a guest may no longer read it, `.notPermitted`.
    func requireSelected(_ id: MailboxID, for needed: MailboxRights = .none) throws -> MailboxRow {
        guard let row = try find(id), try rights(on: id).isSuperset(of: [.lookup, .read]) else {
            throw StoreError.messageGone
        }
        try demand(needed, on: row)
        return row
    }

    func demand(_ needed: MailboxRights, on row: MailboxRow) throws {
        let rights = try rights(on: row.id)
        guard rights.contains(.lookup) else { throw StoreError.mailboxNotFound(row.name) }
        guard rights.isSuperset(of: needed) else { throw StoreError.notPermitted }
    }

    /// What stands above a new mailbox and gives it its first entries; nil at the top.
    /// - Throws: `.notPermitted` for a guest who may make nothing there, and no word about what is there.
    func requireParent(of name: MailboxName) throws -> MailboxRow? {
        let parent = try nearestAbove(name)
        if guest != nil {
            guard let parent, try rights(on: parent.id).isSuperset(of: [.lookup, .createMailboxes]) else {
                throw StoreError.notPermitted
            }
        }
        return parent
    }

    func nearestAbove(_ name: MailboxName) throws -> MailboxRow? {
        for ancestor in name.ancestors.reversed() {
            if let row = try find(ancestor) { return row }
        }
        return nil
    }

    /// Refuses a name that is taken: a guest learns of it only if he may see what has it.
    func refuseTaken(_ name: MailboxName) throws {
        guard let row = try find(name) else { return }
        throw try rights(on: row.id).contains(.lookup) ? StoreError.mailboxExists(name) : StoreError.notPermitted
    }
}
