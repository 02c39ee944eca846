// An account that was removed comes back into the directory, as a backup's directory knows it.
//
// It gets its own number again, which nobody else can have had since: so what others' files say of it, and what is
// sealed for it, is right again. Where the number or the address is somebody else's now, nothing is restored.

import GRDB
package import Mail

/// What a directory says of one account.
package struct StoredAccount: Sendable {
    package let id: AccountID
    package let address: EmailAddress
    /// Aliases that lead to it, which do not come back by themselves.
    package let aliases: [String]
    fileprivate let account: Account
    fileprivate let credentials: [Credential]

    fileprivate struct Account: Sendable {
        let status: String
        let displayName: String
        let quota: Int64?
        let created: Int64
        let generation: Int64
        let mainPassword: String?
        let salt: [UInt8]?
    }
    fileprivate struct Credential: Sendable {
        let id: Int64
        let kind: String
        let secret: String
        let label: String
        let created: Int64
        let changed: Int64
        let publicID: String?
        let scopes: String
        let networks: String
        let expires: Int64?
        let scram: String?
        let confirmed: Int64
        let lastStep: Int64
        let failures: Int64
        let lastUsed: Int64?
        let uses: Int64
    }
}

extension Directory {
    /// A copy of a backup's directory, opened and brought up to date. It is the caller's to close.
    package static func openCopy(_ path: String) throws(StoreError) -> Directory { try Directory(path: path) }

    package func closeCopy() { close() }

    /// All that this directory has of an account, but for its history.
    package func stored(_ id: AccountID) async throws(StoreError) -> StoredAccount? {
        try await file.read { db in
            guard let record = try db.account(id) else { return nil }
            let account = try db.first(
                """
                SELECT status, display_name, quota_bytes, created, generation, main_password, scram_salt
                FROM account WHERE id = ?
                """, .int(id.rawValue)
            ) { row in
                StoredAccount.Account(
                    status: row.text(0), displayName: row.text(1), quota: row.optionalInt(2), created: row.int(3),
                    generation: row.int(4), mainPassword: row.optionalText(5), salt: row.isNull(6) ? nil : row.blob(6))
            }
            guard let account else { return nil }
            var aliases: [String] = []
            try db.each(
                """
                SELECT text FROM address JOIN address_target ON address_id = address.id
                WHERE account_id = ? AND kind = 'alias' ORDER BY key
                """, .int(id.rawValue)
            ) { aliases.append($0.text(0)) }
            return StoredAccount(
                id: id, address: record.address, aliases: aliases, account: account,
                credentials: try db.storedCredentials(of: id))
        }
    }

    /// Enters an account with its own address and its credentials.
    /// - Throws: `.alreadyExists` for the address, `.notFound` for its domain, `.refused` when the number or a
    ///   credential's is somebody else's.
    package func restore(_ stored: StoredAccount, by actor: String) async throws(StoreError) {
        try await write { db in
            let domain = try db.requireDomain(stored.address.domain)
            try db.refuseTaken(stored.address.lookupKey, stored.address.description)
            if let holder = try db.account(stored.id) {
                throw StoreError.refused(
                    reason: "account #\(stored.id) of the backup is \(holder.address) now; make the account with "
                        + "\"martlet user add\", and restore its mail with --replace")
            }
            let account = stored.account
            try db.run(
                """
                INSERT INTO account
                (id, status, display_name, quota_bytes, created, generation, main_password, scram_salt)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """, .int(stored.id.rawValue), .text(account.status), .text(account.displayName),
                .optional(account.quota), .int(account.created), .int(account.generation + 1),
                .optional(account.mainPassword), .optional(account.salt))
            try db.addAddress(
                stored.address.description, stored.address.lookupKey, domain, kind: "account", targets: [stored.id])
            for credential in stored.credentials { try db.insert(credential, of: stored.id) }
            try db.audit(actor, "account.restore", stored.address.description)
        }
    }
}

extension Database {
    fileprivate func storedCredentials(of id: AccountID) throws -> [StoredAccount.Credential] {
        var all: [StoredAccount.Credential] = []
        try each(
            """
            SELECT id, kind, secret, label, created, changed, public_id, scopes, networks, expires, scram, confirmed,
            last_step, failures, last_used, uses FROM credential WHERE account_id = ? ORDER BY id
            """, .int(id.rawValue)
        ) { row in
            all.append(
                StoredAccount.Credential(
                    id: row.int(0), kind: row.text(1), secret: row.text(2), label: row.text(3), created: row.int(4),
                    changed: row.int(5), publicID: row.optionalText(6), scopes: row.text(7), networks: row.text(8),
                    expires: row.optionalInt(9), scram: row.optionalText(10), confirmed: row.int(11),
                    lastStep: row.int(12), failures: row.int(13), lastUsed: row.optionalInt(14), uses: row.int(15)))
        }
        return all
    }

    fileprivate func insert(_ credential: StoredAccount.Credential, of id: AccountID) throws {
        let isTaken = try first(
            "SELECT 1 FROM credential WHERE id = ?1 OR public_id = ?2", .int(credential.id),
            .optional(credential.publicID)
        ) { _ in true }
        guard isTaken != true else {
            throw StoreError.refused(
                reason: "credential #\(credential.id) of the backup is somebody else's now; make the account with "
                    + "\"martlet user add\", and restore its mail with --replace")
        }
        try run(
            """
            INSERT INTO credential (id, account_id, kind, secret, label, created, changed, public_id, scopes, networks,
            expires, scram, confirmed, last_step, failures, last_used, uses)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """, .int(credential.id), .int(id.rawValue), .text(credential.kind), .text(credential.secret),
            .text(credential.label), .int(credential.created), .int(credential.changed),
            .optional(credential.publicID), .text(credential.scopes), .text(credential.networks),
            .optional(credential.expires), .optional(credential.scram), .int(credential.confirmed),
            .int(credential.lastStep), .int(credential.failures), .optional(credential.lastUsed), .int(credential.uses))
    }
}
