// The access control lists of an account's mailboxes, as rows of its file (RFC 4314).

import GRDB
package import Mail

/// Whom an entry is about.
package enum Grantee: Hashable, Sendable {
    case account(AccountID)
    /// Every account.
    case anyone

    var key: Int64 {
        switch self {
        case .account(let id): id.rawValue
        case .anyone: 0
        }
    }
    init(key: Int64) { self = key == 0 ? .anyone : .account(AccountID(rawValue: key)) }
}

/// One line of a mailbox's list.
package struct AccessEntry: Hashable, Sendable {
    package let grantee: Grantee
    /// It takes away what others give.
    package let isNegative: Bool
    package let rights: MailboxRights
}

extension AccountStore {
    /// The list of a mailbox, without the owner, who has every right.
    /// - Throws: `.mailboxNotFound`, `.notPermitted` for a guest who does not administer it.
    package func accessList(of name: MailboxName) async throws(StoreError) -> [AccessEntry] {
        let guest = guest
        return try await file.read { db in
            try db.require(name, for: .administer, guest)
            var all: [AccessEntry] = []
            try db.each(
                """
                SELECT grantee, negative, rights FROM acl
                WHERE mailbox_id = (SELECT id FROM mailbox WHERE name = ? AND deleted_at IS NULL)
                ORDER BY grantee, negative
                """, .text(name.text)
            ) { row in
                all.append(
                    AccessEntry(
                        grantee: Grantee(key: row.int(0)), isNegative: row.int(1) != 0,
                        rights: MailboxRights(rawValue: UInt16(truncatingIfNeeded: row.int(2)))))
            }
            return all
        }
    }

    /// Refuses whoever may not change the mailbox's list.
    func checkAdministers(_ name: MailboxName) async throws(StoreError) {
        let guest = guest
        _ = try await file.read { try $0.require(name, for: .administer, guest) }
    }

    /// Changes one entry; one without rights is no entry. `Store.setRights` is for everybody else.
    func changeAccess(
        of name: MailboxName, _ grantee: Grantee, isNegative: Bool, _ change: RightsChange
    ) async throws(StoreError) {
        try await writeShared { operation in
            let row = try operation.require(name, for: .administer)
            try operation.changeAccess(of: row.id, grantee, isNegative: isNegative, change)
        }
    }

    /// Whether anything at all is given to the grantee.
    func gives(to grantee: Grantee) async throws(StoreError) -> Bool {
        try await file.read { db in
            try db.first("SELECT 1 FROM acl WHERE grantee = ? AND negative = 0", .int(grantee.key)) { _ in true }
                ?? false
        }
    }

    /// Everybody to whom something is given.
    func grantees() async throws(StoreError) -> Set<Grantee> {
        try await file.read { db in
            var all: Set<Grantee> = []
            try db.each("SELECT DISTINCT grantee FROM acl WHERE negative = 0") { all.insert(Grantee(key: $0.int(0))) }
            return all
        }
    }
}

extension Database {
    /// Refuses a mailbox that is not there, that a guest may not look up, or may not do this with.
    @discardableResult
    func require(_ name: MailboxName, for needed: MailboxRights, _ guest: AccountID?) throws -> MailboxID {
        let id = try first("SELECT id FROM mailbox WHERE name = ? AND deleted_at IS NULL", .text(name.text)) {
            MailboxID(rawValue: $0.int(0))
        }
        guard let id else { throw StoreError.mailboxNotFound(name) }
        let rights = try rights(of: guest, on: id)
        guard rights.contains(.lookup) else { throw StoreError.mailboxNotFound(name) }
        guard rights.isSuperset(of: needed) else { throw StoreError.notPermitted }
        return id
    }
}

extension Database {
    /// - Throws: `.messageGone` for a mailbox that is deleted or that the guest may not read.
    func requireReadable(_ mailbox: MailboxID?, by guest: AccountID?) throws {
        guard let mailbox else { throw StoreError.notPermitted }
        let isThere = try first(
            "SELECT 1 FROM mailbox WHERE id = ? AND deleted_at IS NULL", .int(mailbox.rawValue)) { _ in true }
        guard isThere == true, try rights(of: guest, on: mailbox).isSuperset(of: [.lookup, .read]) else {
            throw StoreError.messageGone
        }
    }
}

extension WriteOperation {
    fileprivate func changeAccess(
        of mailbox: MailboxID, _ grantee: Grantee, isNegative: Bool, _ change: RightsChange
    ) throws {
        let key: (SQLValue, SQLValue, SQLValue) = (.int(mailbox.rawValue), .int(grantee.key), .int(isNegative ? 1 : 0))
        let old = try db.first(
            "SELECT rights FROM acl WHERE mailbox_id = ? AND grantee = ? AND negative = ?", key.0, key.1, key.2
        ) { MailboxRights(rawValue: UInt16(truncatingIfNeeded: $0.int(0))) }
        let new = change.applied(to: old ?? .none)
        guard new != old ?? .none else { return }
        if new.isEmpty {
            try db.run("DELETE FROM acl WHERE mailbox_id = ? AND grantee = ? AND negative = ?", key.0, key.1, key.2)
        } else {
            if old == nil { try refuseLongList(mailbox) }
            try db.run(
                """
                INSERT INTO acl (mailbox_id, grantee, negative, rights) VALUES (?, ?, ?, ?)
                ON CONFLICT (mailbox_id, grantee, negative) DO UPDATE SET rights = excluded.rights
                """, key.0, key.1, key.2, .int(new.rawValue))
        }
        effects.changes.append(.rights(mailbox))
    }

    private func refuseLongList(_ mailbox: MailboxID) throws {
        let count = try db.first("SELECT count(*) FROM acl WHERE mailbox_id = ?", .int(mailbox.rawValue)) { $0.int(0) }
        guard count ?? 0 < StoreLimits.accessEntries else {
            throw StoreError.limit("a mailbox's access list can have at most \(StoreLimits.accessEntries) entries")
        }
    }

    /// A new mailbox's list is that of the one above it (RFC 4314 §4, CREATE).
    func inheritAccess(_ mailbox: MailboxID, from parent: MailboxID) throws {
        try db.run(
            """
            INSERT INTO acl (mailbox_id, grantee, negative, rights)
            SELECT ?, grantee, negative, rights FROM acl WHERE mailbox_id = ?
            """, .int(mailbox.rawValue), .int(parent.rawValue))
    }

    /// With its mailbox a list is gone for good (RFC 4314 §4, DELETE).
    func removeAccess(_ mailbox: MailboxID) throws {
        try db.run("DELETE FROM acl WHERE mailbox_id = ?", .int(mailbox.rawValue))
    }
}

extension StoreLimits {
    package static let accessEntries = 1_000
}
