// Who logged in, with what and from where; who did not, and why. Both are bounded: the newest rows stay.

import GRDB
import Mail

/// Successful logins of one credential that were alike in everything but their time.
package struct LoginUse: Hashable, Sendable {
    package var accountID: AccountID
    package var credentialID: CredentialID
    package var protocolName: String
    package var address: String
    /// What the client calls itself (IMAP ID).
    package var client: String?
    /// The TLS version; nil on a cleartext connection.
    package var tls: String?
    /// Seconds since 1970, as `last`.
    package var first: Int64
    package var last: Int64
    package var count: Int64

    package init(
        accountID: AccountID, credentialID: CredentialID, protocolName: String, address: String, client: String? = nil,
        tls: String? = nil, first: Int64, last: Int64, count: Int64 = 1
    ) {
        self.accountID = accountID
        self.credentialID = credentialID
        self.protocolName = protocolName
        self.address = address
        self.client = client
        self.tls = tls
        self.first = first
        self.last = last
        self.count = count
    }
}

/// A login that failed.
package struct LoginFailureRecord: Hashable, Sendable {
    /// Seconds since 1970.
    package var time: Int64
    /// Nil where nobody has that name.
    package var accountID: AccountID?
    /// As the client gave it: never a password's place, but possibly nonsense.
    package var name: String
    package var address: String
    package var protocolName: String
    package var mechanism: String
    package var tls: String?
    package var reason: String

    package init(
        time: Int64, accountID: AccountID?, name: String, address: String, protocolName: String, mechanism: String,
        tls: String? = nil, reason: String
    ) {
        self.time = time
        self.accountID = accountID
        self.name = name
        self.address = address
        self.protocolName = protocolName
        self.mechanism = mechanism
        self.tls = tls
        self.reason = reason
    }
}

extension StoreLimits {
    /// Rows of the login history that an account keeps.
    package static let loginHistory = 1_000
    package static let loginFailures = 10_000
    /// Bytes of any text of a client's in them; more is cut off.
    package static let loginText = 512
}

extension Directory {
    /// Adds these to the history and to the credentials' own counts, all in one transaction. What belongs to an account
    /// that is gone is left out.
    package func recordLogins(_ uses: [LoginUse]) async throws(StoreError) {
        guard !uses.isEmpty else { return }
        try await note { db in
            for use in uses where use.count > 0 { try db.record(use) }
            for account in Set(uses.map(\.accountID)) {
                try db.run(
                    """
                    DELETE FROM login_history WHERE id IN (SELECT id FROM login_history WHERE account_id = ?
                    ORDER BY last DESC, id DESC LIMIT -1 OFFSET ?)
                    """, .int(account.rawValue), .int(StoreLimits.loginHistory))
            }
        }
    }

    /// The history, newest first.
    /// - Parameters:
    ///   - account: nil for all.
    ///   - credential: nil for all.
    package func loginHistory(
        of account: AccountID?, credential: CredentialID? = nil, limit: Int
    ) async throws(StoreError) -> [LoginUse] {
        try await file.read { db in
            var all: [LoginUse] = []
            for id in try db.historyIDs(account, credential, limit: .int(max(limit, 0))) {
                let use = try db.first(
                    """
                    SELECT account_id, credential_id, protocol, address, client, tls, first, last, count
                    FROM login_history WHERE id = ?
                    """, .int(id)
                ) { LoginUse($0) }
                if let use { all.append(use) }
            }
            return all
        }
    }

    /// Notes failed logins, all in one transaction.
    package func recordFailures(_ failures: [LoginFailureRecord]) async throws(StoreError) {
        let kept = failures.suffix(StoreLimits.loginFailures)
        guard !kept.isEmpty else { return }
        try await note { db in
            for failure in kept { try db.record(failure) }
            try db.run(
                "DELETE FROM login_failure WHERE id <= (SELECT max(id) FROM login_failure) - ?",
                .int(StoreLimits.loginFailures))
        }
    }

    /// Failed logins, newest first.
    /// - Parameters:
    ///   - account: those of this account; with `name` given too, those that are either's. Nil and no name for all.
    ///   - name: those under this name; ASCII case does not matter.
    package func loginFailures(
        of account: AccountID?, name: String? = nil, limit: Int
    ) async throws(StoreError) -> [LoginFailureRecord] {
        try await file.read { db in
            var all: [LoginFailureRecord] = []
            try db.each(
                """
                SELECT time, account_id, name, address, protocol, mechanism, tls, reason FROM login_failure
                WHERE (?1 IS NULL AND ?2 IS NULL) OR account_id = ?1 OR name = ?2 ORDER BY id DESC LIMIT ?3
                """, .optional(account?.rawValue), .optional(name), .int(max(limit, 0))
            ) { all.append(LoginFailureRecord($0)) }
            return all
        }
    }
}

extension Database {
    /// An account's rows come by their index; those of all accounts are for people who wait.
    fileprivate func historyIDs(
        _ account: AccountID?, _ credential: CredentialID?, limit: SQLValue
    ) throws -> [Int64] {
        var ids: [Int64] = []
        let credential = SQLValue.optional(credential?.rawValue)
        if let account {
            try each(
                """
                SELECT id FROM login_history WHERE account_id = ?1 AND (?2 IS NULL OR credential_id = ?2)
                ORDER BY last DESC, id DESC LIMIT ?3
                """, .int(account.rawValue), credential, limit
            ) { ids.append($0.int(0)) }
        } else {
            try each(
                """
                SELECT id FROM login_history WHERE ?1 IS NULL OR credential_id = ?1
                ORDER BY last DESC, id DESC LIMIT ?2
                """, credential, limit
            ) { ids.append($0.int(0)) }
        }
        return ids
    }

    fileprivate func record(_ use: LoginUse) throws {
        try run(
            """
            INSERT INTO login_history (account_id, credential_id, protocol, address, client, tls, first, last, count)
            SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 WHERE EXISTS (SELECT 1 FROM account WHERE id = ?1)
            ON CONFLICT (account_id, credential_id, protocol, address, client, tls) DO UPDATE SET
            first = min(first, excluded.first), last = max(last, excluded.last), count = count + excluded.count
            """, .int(use.accountID.rawValue), .int(use.credentialID.rawValue), .text(use.protocolName.bounded),
            .text(use.address.bounded), .text((use.client ?? "").bounded), .text((use.tls ?? "").bounded),
            .int(use.first), .int(use.last), .int(use.count))
        try run(
            """
            UPDATE credential SET uses = uses + ?1, last_used = max(coalesce(last_used, ?2), ?2)
            WHERE id = ?3 AND account_id = ?4
            """, .int(use.count), .int(use.last), .int(use.credentialID.rawValue), .int(use.accountID.rawValue))
    }

    fileprivate func record(_ failure: LoginFailureRecord) throws {
        try run(
            """
            INSERT INTO login_failure (time, account_id, name, address, protocol, mechanism, tls, reason)
            VALUES (?1, (SELECT id FROM account WHERE id = ?2), ?3, ?4, ?5, ?6, ?7, ?8)
            """, .int(failure.time), .optional(failure.accountID?.rawValue), .text(failure.name.bounded),
            .text(failure.address.bounded), .text(failure.protocolName.bounded), .text(failure.mechanism.bounded),
            .text((failure.tls ?? "").bounded), .text(failure.reason.bounded))
    }
}

extension LoginUse {
    fileprivate init(_ row: SQLRow) {
        self.init(
            accountID: AccountID(rawValue: row.int(0)), credentialID: CredentialID(rawValue: row.int(1)),
            protocolName: row.text(2), address: row.text(3), client: row.text(4).nonEmpty, tls: row.text(5).nonEmpty,
            first: row.int(6), last: row.int(7), count: row.int(8))
    }
}

extension LoginFailureRecord {
    fileprivate init(_ row: SQLRow) {
        self.init(
            time: row.int(0), accountID: row.optionalInt(1).map { AccountID(rawValue: $0) }, name: row.text(2),
            address: row.text(3), protocolName: row.text(4), mechanism: row.text(5), tls: row.text(6).nonEmpty,
            reason: row.text(7))
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }

    /// At most `StoreLimits.loginText` bytes of it, and no half character.
    fileprivate var bounded: String {
        guard utf8.count > StoreLimits.loginText else { return self }
        var end = utf8.index(utf8.startIndex, offsetBy: StoreLimits.loginText)
        while UTF8.isContinuation(utf8[end]) { end = utf8.index(before: end) }
        return String(self[..<end])
    }
}
