// What must be true of `directory.db`, beyond what its schema enforces.

import GRDB
import Mail

enum DirectoryRules {
    static let all = [
        IntegrityRule(
            rule: "every account has one address of its own",
            sql: """
                SELECT 'account #' || account.id FROM account WHERE 1 != (
                    SELECT count(*) FROM address_target JOIN address ON address.id = address_id AND kind = 'account'
                    WHERE account_id = account.id)
                """),
        IntegrityRule(
            rule: "every address has an account, and an account's own has no other",
            sql: """
                SELECT text FROM address LEFT JOIN address_target ON address_id = address.id
                GROUP BY address.id HAVING count(account_id) = 0 OR (kind = 'account' AND count(account_id) > 1)
                """),
        IntegrityRule(
            rule: "an address lies in its domain",
            sql: """
                SELECT text FROM address JOIN domain ON domain.id = domain_id
                WHERE key NOT LIKE '%@' || replace(replace(name, '_', '\\_'), '%', '\\%') ESCAPE '\\'
                """),
        IntegrityRule(
            rule: "an account has at most one password and one TOTP secret",
            sql: """
                SELECT 'account #' || account_id || ': ' || count(*) || ' of the kind ' || kind FROM credential
                WHERE kind IN ('password', 'totp') GROUP BY account_id, kind HAVING count(*) > 1
                """),
        IntegrityRule(
            rule: "app passwords and certificates, and only they, have a public id, and each its own",
            sql: """
                SELECT 'credential #' || id FROM credential
                WHERE (kind IN ('app-password', 'certificate')) != (public_id IS NOT NULL)
                UNION ALL SELECT 'public id ' || public_id FROM credential WHERE public_id IS NOT NULL
                GROUP BY public_id HAVING count(*) > 1
                """),
        IntegrityRule(
            rule: "a credential has a secret, but for a certificate",
            sql: "SELECT 'credential #' || id FROM credential WHERE (secret = '') != (kind = 'certificate')"),
        IntegrityRule(
            rule: "only a TOTP secret waits for its confirmation, and only a confirmed one has been used",
            sql: """
                SELECT 'credential #' || id FROM credential
                WHERE (confirmed = 0 AND (kind != 'totp' OR last_step != 0)) OR (last_step != 0 AND kind != 'totp')
                """),
        IntegrityRule(
            rule: "login history and failures keep within their bounds",
            sql: """
                SELECT 'account #' || account_id || ': ' || count(*) FROM login_history
                GROUP BY account_id HAVING count(*) > 1000
                UNION ALL SELECT 'failures: ' || count(*) FROM login_failure HAVING count(*) > 10000
                """),
        IntegrityRule(
            rule: "the audit trail has no gaps",
            sql: """
                SELECT count(*) || ' of ' || (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit')
                || ' lines' FROM audit
                HAVING count(*) != (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audit')
                """),
        IntegrityRule(
            rule: "the audit trail cannot be changed",
            sql: """
                SELECT count(*) || ' of its 3 triggers' FROM sqlite_schema
                WHERE type = 'trigger' AND tbl_name = 'audit' HAVING count(*) != 3
                """),
    ]
}

extension Database {
    func accountIDs() throws -> [AccountID] {
        var ids: [AccountID] = []
        try each("SELECT id FROM account ORDER BY id") { ids.append(AccountID(rawValue: $0.int(0))) }
        return ids
    }

    /// Everything that is wrong with the directory, and that its rows can be read as what they are.
    func directoryProblems() throws -> [String] {
        let file = "directory.db"
        var problems = try structureProblems(in: file) + problems(DirectoryRules.all, in: file)
        var credentials: [CredentialID] = []
        try each("SELECT id FROM credential") { credentials.append(CredentialID(rawValue: $0.int(0))) }
        func note(_ read: () throws -> Void) {
            do { try read() } catch {
                problems.append("\(file): \(StoreError(error, doing: "read \(file)").explanation)")
            }
        }
        for id in credentials { note { _ = try credential(id) } }
        for id in try accountIDs() { note { _ = try account(id) } }
        return problems
    }
}
