// A directory of the first version comes over with all that is in it.

import Foundation
import GRDB
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct DirectoryMigrationTests {
    @Test func firstVersionBecomesTheSecond() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-migration-\(UUID().uuidString)"
        try DataDirectory(path).create()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try makeFirstVersion(DataDirectory(path).directoryDatabase)

        let store = try await Store.open(at: path, exclusive: true, logger: .quiet)
        let directory = store.directory
        #expect(try await directory.setting("hostname") == "mail.example.org")
        let accounts = try await directory.accounts()
        #expect(accounts.map(\.address.description) == ["Alice@example.org", "bob@example.org"])
        #expect(accounts.map(\.status) == [.active, .suspended] && accounts.map(\.generation) == [4, 1])
        #expect(accounts.allSatisfy { $0.mainPasswordPolicy == nil })
        let password = try #require(try await directory.passwordCredential(of: accounts[0].id))
        #expect(password.secret == "$argon2id$alice" && password.changed == 3 && password.created == 11)
        #expect(password.kind == .password && password.isConfirmed && password.scopes.isEmpty && password.failures == 0)
        #expect(try await directory.audit(limit: 10).map(\.action) == ["account.add", "domain.add"])
        #expect(try await store.checkIntegrity().problems == [])

        // The old rows live on in the new schema.
        #expect(try await directory.countFailure(password.id) == 1)
        try await directory.setPassword(accounts[0].id, hash: "$argon2id$new", by: "test")
        try await directory.removeAccount(accounts[1].id, by: "test")
        #expect(throws: StoreError.self) {
            try directory.file.syncOnWriter { try $0.execute(sql: "DELETE FROM audit") }
        }
        await store.close()
    }

    /// A file as the first version wrote it.
    private func makeFirstVersion(_ path: String) throws {
        let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.directory.prefix(1)), readers: 1)
        try file.syncOnWriter { db in
            try db.execute(
                sql: """
                    INSERT INTO setting VALUES ('hostname', 'mail.example.org');
                    INSERT INTO domain VALUES (1, 'example.org', 10);
                    INSERT INTO account VALUES (1, 'active', 'Alice', NULL, 11, 4), (2, 'suspended', '', 5000, 12, 1);
                    INSERT INTO address VALUES (1, 1, 'Alice@example.org', 'alice@example.org', 'account', 11),
                        (2, 1, 'bob@example.org', 'bob@example.org', 'account', 12),
                        (3, 1, '@example.org', '@example.org', 'alias', 13);
                    INSERT INTO address_target VALUES (1, 1), (2, 2), (3, 1);
                    INSERT INTO credential VALUES (1, 1, 'password', '$argon2id$alice', '', 11, 3),
                        (2, 2, 'password', '$argon2id$bob', '', 12, 1);
                    INSERT INTO audit VALUES (1, 10, 'root', 'domain.add', 'example.org', ''),
                        (2, 11, 'root', 'account.add', 'alice@example.org', '')
                    """)
        }
        file.close()
    }
}
