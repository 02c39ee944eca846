// Credentials: for now each account's one password.

import GRDB
import Mail

extension Directory {
    package func passwordCredential(of id: AccountID) async throws(StoreError) -> CredentialRecord? {
        try await file.read { db in
            try db.first(
                "SELECT id, secret, changed FROM credential WHERE account_id = ? AND kind = 'password'",
                .int(id.rawValue)
            ) {
                CredentialRecord(
                    id: CredentialID(rawValue: $0.int(0)), accountID: id, secret: $0.text(1), changed: $0.int(2))
            }
        }
    }

    /// Sets the password's hash (PHC); sessions that live on the old one end.
    package func setPassword(_ id: AccountID, hash: String, by actor: String) async throws(StoreError) {
        try await write { db in
            let account = try db.requireAccount(id)
            try db.setPassword(id, hash)
            try db.bumpGeneration(id)
            try db.audit(actor, "password.set", account.address.description)
        }
    }

    /// Replaces a hash by a stronger one of the same secret, unless it has changed meanwhile.
    package func rehash(_ credential: CredentialID, from old: String, to new: String) async throws(StoreError) {
        try await write { db in
            try db.run(
                "UPDATE credential SET secret = ? WHERE id = ? AND secret = ?", .text(new), .int(credential.rawValue),
                .text(old))
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
}

extension Database {
    func setPassword(_ id: AccountID, _ hash: String) throws {
        try run(
            """
            INSERT INTO credential (account_id, kind, secret, created, changed) VALUES (?1, 'password', ?2, ?3, 1)
            ON CONFLICT (account_id) WHERE kind = 'password'
            DO UPDATE SET secret = excluded.secret, changed = changed + 1
            """, .int(id.rawValue), .text(hash), .int(currentSeconds()))
    }
}
