// Accounts: made, found, renamed, suspended, removed.

import GRDB
package import Mail

extension Directory {
    /// Every account, sorted by its address.
    package func accounts() async throws(StoreError) -> [AccountRecord] {
        try await file.read { db in
            var all: [AccountRecord] = []
            try db.each(
                """
                SELECT account.id, address.text, display_name, status, quota_bytes, account.created, generation,
                main_password
                FROM account JOIN address_target ON account_id = account.id
                JOIN address ON address.id = address_id AND kind = 'account' ORDER BY address.key
                """
            ) { all.append(try AccountRecord($0)) }
            return all
        }
    }

    package func account(_ id: AccountID) async throws(StoreError) -> AccountRecord? {
        try await file.read { try $0.account(id) }
    }

    /// The account that has this address as its own or, alone, as an alias. ASCII case does not matter.
    package func account(address: EmailAddress) async throws(StoreError) -> AccountRecord? {
        try await file.read(isBrief: true) { try $0.account(key: address.lookupKey) }
    }

    /// Makes an account with its own address.
    /// - Parameters:
    ///   - passwordHash: a PHC string; nil for an account that cannot log in yet.
    ///   - quota: bytes.
    /// - Throws: `.notFound` for the domain, `.alreadyExists` for the address.
    package func addAccount(
        address: EmailAddress, displayName: String, passwordHash: String?, quota: Int64?, by actor: String
    ) async throws(StoreError) -> AccountRecord {
        try await write { db in
            let domain = try db.requireDomain(address.domain)
            try db.refuseTaken(address.lookupKey, address.description)
            try db.run(
                "INSERT INTO account (status, display_name, quota_bytes, created) VALUES ('active', ?, ?, ?)",
                .text(displayName), .optional(quota), .int(currentSeconds()))
            let id = AccountID(rawValue: db.lastInsertedRowID)
            try db.addAddress(address.description, address.lookupKey, domain, kind: "account", targets: [id])
            if let passwordHash { try db.setPassword(id, passwordHash) }
            try db.audit(actor, "account.add", address.description)
            return try db.requireAccount(id)
        }
    }

    /// Gives the account another own address; the old one is free.
    package func renameAccount(
        _ id: AccountID, to address: EmailAddress, by actor: String
    ) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            let domain = try db.requireDomain(address.domain)
            if address.lookupKey != account.address.lookupKey {
                try db.refuseTaken(address.lookupKey, address.description)
            }
            try db.run(
                "UPDATE address SET text = ?, key = ?, domain_id = ? WHERE key = ?", .text(address.description),
                .text(address.lookupKey), .int(domain), .text(account.address.lookupKey))
            try db.bumpGeneration(id)
            try db.audit(actor, "account.rename", account.address.description, address.description)
        }
    }

    package func setStatus(_ id: AccountID, _ status: AccountStatus, by actor: String) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            guard account.status != status else { return }
            try db.run("UPDATE account SET status = ? WHERE id = ?", .text(status.rawValue), .int(id.rawValue))
            try db.bumpGeneration(id)
            try db.audit(actor, "account.\(status)", account.address.description)
        }
    }

    /// Notes the quota in the directory; `AccountStore.setQuota` is what enforces it.
    package func setQuota(_ id: AccountID, _ bytes: Int64?, by actor: String) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            try db.run("UPDATE account SET quota_bytes = ? WHERE id = ?", .optional(bytes), .int(id.rawValue))
            try db.audit(actor, "account.quota", account.address.description, bytes.map { "\($0)" } ?? "none")
        }
    }

    /// Notes in the audit trail what the account's file is told of its quota besides.
    package func noteQuota(_ id: AccountID, _ detail: String, by actor: String) async throws(StoreError) {
        try await write { db in
            try db.audit(actor, "account.quota", try db.requireAccount(id).address.description, detail)
        }
    }

    /// Says where the account's main password is accepted: `everywhere`, `trusted-networks` or `never`; nil for what
    /// the server's setting says. Its sessions are looked at again.
    package func setMainPasswordPolicy(
        _ id: AccountID, _ policy: String?, by actor: String
    ) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            try db.run("UPDATE account SET main_password = ? WHERE id = ?", .optional(policy), .int(id.rawValue))
            try db.bumpGeneration(id)
            try db.audit(actor, "policy.main-password", account.address.description, policy ?? "default")
        }
    }

    /// The salt of the account's SCRAM keys; nil before the first is made or without such an account.
    package func scramSalt(of id: AccountID) async throws(StoreError) -> [UInt8]? {
        try await file.read { try $0.scramSalt(of: id) }
    }

    /// The account's salt for SCRAM keys, `proposal` (16 random bytes) when it has none yet.
    package func ensureScramSalt(of id: AccountID, proposal: [UInt8]) async throws(StoreError) -> [UInt8] {
        try await note { db in
            let account = try db.requireAccount(id)
            try db.run(
                "UPDATE account SET scram_salt = ? WHERE id = ? AND scram_salt IS NULL", .blob(proposal),
                .int(id.rawValue))
            guard let salt = try db.scramSalt(of: id) else {
                throw StoreError.broken("account \(account.address) has no salt")
            }
            return salt
        }
    }

    /// Removes the account, its own address, its credentials and its login history, and it from every alias; an alias
    /// without target goes.
    ///
    /// The account's file stays until `Store.removeAccountFile`.
    package func removeAccount(_ id: AccountID, by actor: String) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            try db.run("DELETE FROM address WHERE key = ?", .text(account.address.lookupKey))
            try db.run("DELETE FROM account WHERE id = ?", .int(id.rawValue))
            var orphans: [String] = []
            try db.each(
                """
                DELETE FROM address WHERE NOT EXISTS (SELECT 1 FROM address_target WHERE address_id = address.id)
                RETURNING text
                """
            ) { orphans.append($0.text(0)) }
            try db.audit(actor, "account.remove", account.address.description)
            for alias in orphans { try db.audit(actor, "alias.remove", alias, account.address.description) }
        }
    }
}

extension AccountRecord {
    init(_ row: SQLRow) throws {
        let text = row.text(1)
        guard let address = try? EmailAddress(text), let status = AccountStatus(rawValue: row.text(3)) else {
            throw StoreError.broken("account \(row.int(0)) has the address \"\(text)\" and status \"\(row.text(3))\"")
        }
        self.init(
            id: AccountID(rawValue: row.int(0)), address: address, displayName: row.text(2), status: status,
            quota: row.optionalInt(4), created: row.int(5), generation: row.int(6),
            mainPasswordPolicy: row.optionalText(7))
    }
}

extension Database {
    func account(_ id: AccountID) throws -> AccountRecord? {
        try first(
            """
            SELECT account.id, address.text, display_name, status, quota_bytes, account.created, generation,
            main_password
            FROM account JOIN address_target ON account_id = account.id
            JOIN address ON address.id = address_id AND kind = 'account' WHERE account.id = ?
            """, .int(id.rawValue)
        ) { try AccountRecord($0) }
    }

    func requireAccount(_ id: AccountID) throws -> AccountRecord {
        guard let account = try account(id) else { throw StoreError.notFound(kind: "account", name: "#\(id)") }
        return account
    }

    func scramSalt(of id: AccountID) throws -> [UInt8]? {
        try first("SELECT scram_salt FROM account WHERE id = ? AND scram_salt IS NOT NULL", .int(id.rawValue)) {
            $0.blob(0)
        }
    }

    /// The accounts behind an address's key.
    func accounts(key: String) throws -> [AccountRecord] {
        var ids: [AccountID] = []
        try each(
            """
            SELECT account_id FROM address JOIN address_target ON address_id = address.id WHERE key = ?
            ORDER BY account_id
            """, .text(key)
        ) { ids.append(AccountID(rawValue: $0.int(0))) }
        return try ids.map { try requireAccount($0) }
    }

    /// The one account behind an address's key; nil when there are several.
    func account(key: String) throws -> AccountRecord? {
        var ids: [AccountID] = []
        try each(
            "SELECT account_id FROM address JOIN address_target ON address_id = address.id WHERE key = ? LIMIT 2",
            .text(key)
        ) { ids.append(AccountID(rawValue: $0.int(0))) }
        return ids.count == 1 ? try requireAccount(ids[0]) : nil
    }

    func refuseTaken(_ key: String, _ text: String) throws {
        let kind = try first("SELECT kind FROM address WHERE key = ?", .text(key)) { $0.text(0) }
        if let kind { throw StoreError.alreadyExists(kind: kind, name: text) }
    }

    func addAddress(_ text: String, _ key: String, _ domain: Int64, kind: String, targets: [AccountID]) throws {
        try run(
            "INSERT INTO address (domain_id, text, key, kind, created) VALUES (?, ?, ?, ?, ?)", .int(domain),
            .text(text), .text(key), .text(kind), .int(currentSeconds()))
        let address = lastInsertedRowID
        for target in Set(targets) {
            try run(
                "INSERT INTO address_target (address_id, account_id) VALUES (?, ?)", .int(address),
                .int(target.rawValue))
        }
    }

    func bumpGeneration(_ id: AccountID) throws {
        try run("UPDATE account SET generation = generation + 1 WHERE id = ?", .int(id.rawValue))
    }
}
