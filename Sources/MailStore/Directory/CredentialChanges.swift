// Credentials as people change them: each change with its line of the audit trail, in one transaction.

import GRDB
import Mail

extension Directory {
    /// Sets the password's hash (PHC); sessions that live on the old one end.
    package func setPassword(_ id: AccountID, hash: String, by actor: String) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            try db.setPassword(id, hash)
            try db.bumpGeneration(id)
            try db.audit(actor, "password.set", account.address.description)
        }
    }

    /// Adds a credential. One of the kind that is still unconfirmed is only an offer, and the new one takes its place.
    /// - Parameters:
    ///   - limit: so many of the kind can the account have.
    ///   - action: what the audit trail calls it, as `app-password.create`.
    ///   - seal: makes the secret to be stored from the new credential's id, where that must be bound to it; then
    ///     `new.secret` is not looked at. Runs on the directory's writer: quick, and without waiting.
    /// - Throws: `.limit`; `.alreadyExists` when the public id is another's; `.notFound` for the account; what `seal`
    ///   throws, as `.unavailable` unless it is a `StoreError`.
    package func addCredential(
        _ new: NewCredential, to account: AccountID, limit: Int, action: String, by actor: String,
        seal: (@Sendable (CredentialID) throws -> String)? = nil
    ) async throws(StoreError) -> CredentialRecord {
        try await write { db in
            let owner = try db.requireAccount(account)
            try db.run(
                "DELETE FROM credential WHERE account_id = ? AND kind = ? AND confirmed = 0", .int(account.rawValue),
                .text(new.kind.rawValue))
            let count = try db.credentials(of: account, kind: new.kind).count
            guard count < limit else {
                throw StoreError.limit(
                    "\(owner.address) has \(count) of the kind \(new.kind.rawValue) and can have \(limit); "
                        + "remove one first")
            }
            let added = try db.insertCredential(new, account: account, seal: seal)
            try db.audit(actor, action, owner.address.description, added.auditDetail)
            return added
        }
    }

    /// Puts these in the place of all credentials of the kind, as when recovery codes are renewed. The account's
    /// sessions are looked at again.
    package func replaceCredentials(
        _ new: [NewCredential], of kind: CredentialKind, account: AccountID, action: String, by actor: String
    ) async throws(StoreError) -> [CredentialRecord] {
        try await write { db in
            let owner = try db.requireAccount(account)
            guard new.allSatisfy({ $0.kind == kind }) else {
                throw StoreError.refused(reason: "the new credentials are not all of the kind \(kind.rawValue)")
            }
            try db.run(
                "DELETE FROM credential WHERE account_id = ? AND kind = ?", .int(account.rawValue),
                .text(kind.rawValue))
            let removed = db.changesCount
            let added = try new.map { try db.insertCredential($0, account: account, seal: nil) }
            if removed > 0 { try db.bumpGeneration(account) }
            try db.audit(actor, action, owner.address.description, "\(removed) removed, \(added.count) added")
            return added
        }
    }

    /// Turns an offered TOTP secret on, with the first code that proves it, once: true for the one caller who did.
    /// The account's sessions are looked at again: the main password may be worth less now.
    package func confirmCredential(
        _ id: CredentialID, step: Int64, action: String = "totp.confirm", by actor: String
    ) async throws(StoreError) -> Bool {
        try await write { db in
            try db.run(
                """
                UPDATE credential SET confirmed = 1, last_step = ?1, failures = 0
                WHERE id = ?2 AND kind = 'totp' AND confirmed = 0 AND last_step < ?1
                """, .int(step), .int(id.rawValue))
            guard db.changesCount == 1, let record = try db.credential(id) else { return false }
            let owner = try db.requireAccount(record.accountID)
            try db.bumpGeneration(owner.id)
            try db.audit(actor, action, owner.address.description, record.auditDetail)
            return true
        }
    }

    /// Removes a credential; sessions that live on it end.
    /// - Throws: `.notFound`.
    package func removeCredential(_ id: CredentialID, action: String, by actor: String) async throws(StoreError) {
        try await write { db in
            guard let record = try db.credential(id) else {
                throw StoreError.notFound(kind: "credential", name: "#\(id)")
            }
            try db.deleteCredential(record, action: action, by: actor)
            try db.bumpGeneration(record.accountID)
        }
    }

    /// Removes all credentials of a kind; sessions that live on them end. With none there nothing is written.
    /// - Returns: how many.
    @discardableResult
    package func removeCredentials(
        of account: AccountID, kind: CredentialKind, action: String, by actor: String
    ) async throws(StoreError) -> Int {
        try await write { db in
            let records = try db.credentials(of: account, kind: kind)
            for record in records { try db.deleteCredential(record, action: action, by: actor) }
            if !records.isEmpty { try db.bumpGeneration(account) }
            return records.count
        }
    }
}

extension CredentialRecord {
    /// What the audit trail says of it: nothing that helps to guess the secret; the person's own words last.
    var auditDetail: String {
        var words = [kind.rawValue, "#\(id)"]
        if let publicID { words.append(publicID) }
        if !scopes.isEmpty { words.append("scopes=" + scopes.text.replacing(" ", with: ",")) }
        if !networks.isEmpty { words.append("from=" + networks.joined(separator: ",")) }
        if let expires { words.append("expires=\(expires)") }
        if !label.isEmpty { words.append("label=\(label)") }
        return words.joined(separator: " ")
    }
}

extension Database {
    func setPassword(_ id: AccountID, _ hash: String) throws {
        try run(
            """
            INSERT INTO credential (account_id, kind, secret, created, changed) VALUES (?1, 'password', ?2, ?3, 1)
            ON CONFLICT (account_id) WHERE kind = 'password'
            DO UPDATE SET secret = excluded.secret, changed = changed + 1, failures = 0
            """, .int(id.rawValue), .text(hash), .int(currentSeconds()))
    }

    fileprivate func insertCredential(
        _ new: NewCredential, account: AccountID, seal: ((CredentialID) throws -> String)?
    ) throws -> CredentialRecord {
        if let publicID = new.publicID {
            let isTaken = try first("SELECT 1 FROM credential WHERE public_id = ?", .text(publicID)) { _ in true }
            if isTaken == true { throw StoreError.alreadyExists(kind: new.kind.rawValue, name: publicID) }
        }
        try run(
            """
            INSERT INTO credential (account_id, kind, secret, label, created, changed, public_id, scopes, networks,
            expires, scram, confirmed) VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)
            """, .int(account.rawValue), .text(new.kind.rawValue), .text(seal == nil ? new.secret : ""),
            .text(new.label), .int(currentSeconds()), .optional(new.publicID), .text(new.scopes.text),
            .text(new.networks.joined(separator: " ")), .optional(new.expires), .optional(new.scram),
            .int(new.isConfirmed ? 1 : 0))
        let id = CredentialID(rawValue: lastInsertedRowID)
        if let seal {
            try run("UPDATE credential SET secret = ? WHERE id = ?", .text(try seal(id)), .int(id.rawValue))
        }
        guard let added = try credential(id) else { throw StoreError.broken("credential #\(id) was not stored") }
        return added
    }

    func deleteCredential(_ record: CredentialRecord, action: String, by actor: String) throws {
        try run("DELETE FROM credential WHERE id = ?", .int(record.id.rawValue))
        let owner = try requireAccount(record.accountID)
        try audit(actor, action, owner.address.description, record.auditDetail)
    }
}
