// The check of the directory finds each planted fault.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct DirectoryRulesTests {
    static let secondPassword = """
        DROP INDEX credential_password;
        INSERT INTO credential (account_id, kind, secret, created, changed) VALUES (1, 'password', 'x', 0, 1)
        """
    static let faults = [
        (secondPassword, "at most one password"),
        ("UPDATE credential SET kind = 'passkey' WHERE kind = 'password'", "unknown kind \"passkey\""),
        ("UPDATE credential SET scopes = 'imap nntp' WHERE kind = 'app-password'", "unknown scope \"nntp\""),
        ("UPDATE credential SET public_id = NULL", "public id"),
        ("UPDATE credential SET public_id = 'x' WHERE kind = 'password'", "public id"),
        ("UPDATE credential SET secret = '' WHERE kind = 'password'", "has a secret"),
        ("UPDATE credential SET confirmed = 0 WHERE kind = 'password'", "waits for its confirmation"),
        ("UPDATE credential SET last_step = 1 WHERE kind = 'password'", "waits for its confirmation"),
        ("PRAGMA foreign_keys=OFF; UPDATE credential SET account_id = 77", "refers to a missing row of account"),
        ("PRAGMA foreign_keys=OFF; DELETE FROM account", "refers to a missing row of account"),
        ("DELETE FROM address_target", "one address of its own"),
        ("UPDATE address SET kind = 'alias'", "one address of its own"),
        ("UPDATE address SET key = 'alice@example.com'", "lies in its domain"),
        ("UPDATE address SET text = 'alice'", "has the address \"alice\""),
        ("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE id = 2", "no gaps"),
        ("DROP TRIGGER audit_no_delete; DELETE FROM audit", "no gaps"),
        ("DROP TRIGGER audit_no_update", "cannot be changed"),
        (
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)
            INSERT INTO login_history SELECT i, 1, 1, 'imap', i, '', '', 0, 0, 1 FROM n
            """, "within their bounds"
        ),
    ]

    @Test(arguments: faults)
    func faultIsFound(sql: String, words: String) async throws {
        let failure = await #expect(throws: IntegrityFailure.self) {
            try await TemporaryStore.with { temporary in
                let (directory, alice) = try await setUp(temporary)
                try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
                _ = try await directory.addCredential(
                    NewCredential(kind: .appPassword, secret: "$argon2id$", publicID: "k3f9a", scopes: [.imap]),
                    to: alice, limit: 5, action: "app-password.create", by: "test")
                #expect(try await temporary.store.checkIntegrity().problems == [])
                try directory.file.syncOnWriter { try $0.execute(sql: sql) }
            }
        }
        #expect(failure?.problems.contains { $0.contains(words) } == true, "\(failure?.problems ?? [])")
    }
}
