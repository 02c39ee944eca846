// What is written down about logins and changes, for people to read.

internal import Mail
package import MailStore

/// A login of the history, with the name of its credential.
package struct LoginHistoryEntry: Hashable, Sendable {
    package let use: LoginUse
    package let account: String
    /// Nil when it is gone.
    package let kind: CredentialKind?
    /// An app password's id or a certificate's fingerprint; nil for the main password and what is gone.
    package let credential: String?
    package let label: String
}

extension AccountAdministration {
    /// Who logged in, newest first.
    /// - Parameters:
    ///   - address: nil for everybody.
    ///   - credential: an app password's id or a certificate's fingerprint; needs the address. Nil for all.
    package func loginHistory(
        _ address: String? = nil, credential: String? = nil, limit: Int = 100
    ) async throws(AdministrationError) -> [LoginHistoryEntry] {
        var accounts: [AccountRecord] = []
        if let address { accounts = [try await account(address)] } else { accounts = try await self.accounts() }
        var known: [CredentialID: CredentialRecord] = [:]
        for account in accounts {
            let records = try await storing { () async throws(StoreError) in
                try await store.directory.credentials(of: account.id)
            }
            for record in records { known[record.id] = record }
        }
        var wanted: CredentialID?
        if let credential {
            let id = credential.lowercased()
            guard let found = known.values.first(where: { $0.publicID == id }) else {
                throw .credential(.noSuchAppPassword(credential, account: address ?? "nobody here"))
            }
            wanted = found.id
        }
        let only = address == nil ? nil : accounts.first?.id
        let uses = try await storing { [wanted] () async throws(StoreError) in
            try await store.directory.loginHistory(of: only, credential: wanted, limit: limit)
        }
        let names = Dictionary(accounts.map { ($0.id, $0.address.description) }) { first, _ in first }
        return uses.map { use in
            let record = known[use.credentialID]
            return LoginHistoryEntry(
                use: use, account: names[use.accountID] ?? "#\(use.accountID)", kind: record?.kind,
                credential: record?.publicID, label: record?.label ?? "")
        }
    }

    /// The audit trail, newest first.
    /// - Parameters:
    ///   - since: seconds since 1970.
    ///   - subject: an address, a network, …; nil for all.
    package func audit(
        since: Int64? = nil, subject: String? = nil, limit: Int = 100
    ) async throws(AdministrationError) -> [AuditRecord] {
        try await storing { () async throws(StoreError) in
            try await store.directory.audit(since: since, subject: subject, limit: limit)
        }
    }
}
