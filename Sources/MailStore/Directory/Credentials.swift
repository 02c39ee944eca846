// Credentials as they are read, and what a login itself moves: steps used, codes consumed, failures in a row.
//
// What must happen once (`useStep`, `consumeCredential`, `confirmCredential`) is one conditional statement on the
// file's only writer: of any number of callers, in whichever process, one finds the row as the condition wants it.

import GRDB
import Mail

extension Directory {
    /// The account's credentials, oldest first.
    /// - Parameter kind: nil for all.
    package func credentials(
        of account: AccountID, kind: CredentialKind? = nil
    ) async throws(StoreError) -> [CredentialRecord] {
        try await file.read { try $0.credentials(of: account, kind: kind) }
    }

    package func credential(_ id: CredentialID) async throws(StoreError) -> CredentialRecord? {
        try await file.read { try $0.credential(id) }
    }

    package func credential(
        publicID: String, kind: CredentialKind
    ) async throws(StoreError) -> CredentialRecord? {
        try await file.read { db in try db.credential(publicID: publicID, kind: kind) }
    }

    /// The account's one password.
    package func passwordCredential(of id: AccountID) async throws(StoreError) -> CredentialRecord? {
        try await file.read { try $0.credentials(of: id, kind: .password).first }
    }

    /// True when any account has a credential of this kind.
    package func hasCredentials(of kind: CredentialKind) async throws(StoreError) -> Bool {
        try await file.read { db in
            try db.first("SELECT 1 FROM credential WHERE kind = ? LIMIT 1", .text(kind.rawValue)) { _ in true } ?? false
        }
    }

    /// True while the credential is there with the secret that it had at `changed`.
    package func credentialExists(_ id: CredentialID, changed: Int64) async throws(StoreError) -> Bool {
        try await file.read { db in
            try db.first(
                "SELECT 1 FROM credential WHERE id = ? AND changed = ?", .int(id.rawValue), .int(changed)
            ) { _ in true } ?? false
        }
    }

    /// Accepts a TOTP step, once: true for the one caller for whom the step is later than all accepted before. It is
    /// durable then, and the failures in a row are forgotten.
    package func useStep(_ id: CredentialID, step: Int64) async throws(StoreError) -> Bool {
        try await note { db in
            try db.run(
                """
                UPDATE credential SET last_step = ?1, failures = 0
                WHERE id = ?2 AND kind = 'totp' AND confirmed = 1 AND last_step < ?1
                """, .int(step), .int(id.rawValue))
            return db.changesCount == 1
        }
    }

    /// Uses up a recovery code: it is gone, and true for exactly one caller.
    package func consumeCredential(
        _ id: CredentialID, action: String, by actor: String
    ) async throws(StoreError) -> Bool {
        try await write { db in
            guard let record = try db.credential(id), record.kind == .recoveryCode else { return false }
            try db.deleteCredential(record, action: action, by: actor)
            return true
        }
    }

    /// Counts a wrong proof. Returns how many there have been in a row; 0 when the credential is gone.
    package func countFailure(_ id: CredentialID) async throws(StoreError) -> Int64 {
        try await note { db in
            try db.first(
                "UPDATE credential SET failures = failures + 1 WHERE id = ? RETURNING failures", .int(id.rawValue)
            ) { $0.int(0) } ?? 0
        }
    }

    /// After a right proof: the next wrong one is the first in a row.
    package func clearFailures(_ id: CredentialID) async throws(StoreError) {
        try await note { db in
            try db.run("UPDATE credential SET failures = 0 WHERE id = ? AND failures != 0", .int(id.rawValue))
        }
    }

    /// Replaces a hash by a stronger one of the same secret, unless it has changed meanwhile.
    package func rehash(_ credential: CredentialID, from old: String, to new: String) async throws(StoreError) {
        try await note { db in
            try db.run(
                "UPDATE credential SET secret = ? WHERE id = ? AND secret = ?", .text(new), .int(credential.rawValue),
                .text(old))
        }
    }
}

extension Database {
    func credential(_ id: CredentialID) throws -> CredentialRecord? {
        try first(
            """
            SELECT id, account_id, kind, secret, label, public_id, scopes, networks, created, expires, scram,
            confirmed, last_step, failures, last_used, uses, changed
            FROM credential WHERE id = ?
            """, .int(id.rawValue)
        ) { try CredentialRecord($0) }
    }

    func credential(publicID: String, kind: CredentialKind) throws -> CredentialRecord? {
        let id = try first(
            "SELECT id FROM credential WHERE public_id = ? AND kind = ?", .text(publicID), .text(kind.rawValue)
        ) { CredentialID(rawValue: $0.int(0)) }
        return try id.flatMap { try credential($0) }
    }

    func credentials(of account: AccountID, kind: CredentialKind?) throws -> [CredentialRecord] {
        var ids: [CredentialID] = []
        if let kind {
            try each(
                "SELECT id FROM credential WHERE account_id = ? AND kind = ? ORDER BY id", .int(account.rawValue),
                .text(kind.rawValue)
            ) { ids.append(CredentialID(rawValue: $0.int(0))) }
        } else {
            try each("SELECT id FROM credential WHERE account_id = ? ORDER BY id", .int(account.rawValue)) {
                ids.append(CredentialID(rawValue: $0.int(0)))
            }
        }
        return try ids.compactMap { try credential($0) }
    }
}
