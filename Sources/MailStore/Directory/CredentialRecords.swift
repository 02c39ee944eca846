// What the credential table holds, as values.

/// What a credential is. An account has one password and one TOTP secret at most.
package enum CredentialKind: String, Hashable, Sendable, CaseIterable {
    case password
    case totp
    case recoveryCode = "recovery-code"
    case appPassword = "app-password"
    case certificate
}

/// What a credential may be used for.
package enum CredentialScope: String, Hashable, Sendable, CaseIterable {
    case imap
    case pop
    case smtp
    case sieve
    case jmap
    /// Narrows the others: everything can be looked at, nothing changed.
    case readOnly = "read-only"
}

package struct CredentialRecord: Hashable, Sendable {
    package let id: CredentialID
    package let accountID: AccountID
    package let kind: CredentialKind
    /// A PHC string; for TOTP the sealed secret in base64; empty for a certificate.
    package let secret: String
    /// The person's own words for it.
    package let label: String
    /// What the row is found by before anything secret is compared: the id inside an app password, or the SHA-256 of
    /// a certificate's DER in hex.
    package let publicID: String?
    package let scopes: Set<CredentialScope>
    /// The networks (CIDR) that it may be used from; empty for all.
    package let networks: [String]
    /// Seconds since 1970.
    package let created: Int64
    /// From this second (since 1970) on it is worth nothing; nil for never.
    package let expires: Int64?
    /// An app password's SCRAM keys.
    package let scram: String?
    /// False while a TOTP secret is only offered.
    package let isConfirmed: Bool
    /// The last TOTP step that was accepted; 0 for none.
    package let lastStep: Int64
    /// Wrong proofs since the last right one.
    package let failures: Int64
    /// The newest success that was recorded, in seconds since 1970.
    package let lastUsed: Int64?
    /// Recorded successes, also those that the login history has forgotten.
    package let useCount: Int64
    /// Grows whenever the person's secret is another one; a rehash leaves it.
    package let changed: Int64
}

/// A credential about to be stored.
package struct NewCredential: Hashable, Sendable {
    package var kind: CredentialKind
    package var secret: String
    package var label: String
    package var publicID: String?
    package var scopes: Set<CredentialScope>
    package var networks: [String]
    package var expires: Int64?
    package var scram: String?
    package var isConfirmed: Bool

    package init(
        kind: CredentialKind, secret: String, label: String = "", publicID: String? = nil,
        scopes: Set<CredentialScope> = [], networks: [String] = [], expires: Int64? = nil, scram: String? = nil,
        isConfirmed: Bool = true
    ) {
        self.kind = kind
        self.secret = secret
        self.label = label
        self.publicID = publicID
        self.scopes = scopes
        self.networks = networks
        self.expires = expires
        self.scram = scram
        self.isConfirmed = isConfirmed
    }
}

extension Set<CredentialScope> {
    /// As the column has them: in the enumeration's order, between spaces.
    var text: String {
        CredentialScope.allCases.filter(contains).map(\.rawValue).joined(separator: " ")
    }
}

extension CredentialRecord {
    /// From every column in the order of `Database.credential(_:)`. What is not understood is an error, so that an
    /// unknown restriction is never taken for none.
    init(_ row: SQLRow) throws {
        let id = CredentialID(rawValue: row.int(0))
        guard let kind = CredentialKind(rawValue: row.text(2)) else {
            throw StoreError.broken("credential #\(id) is of the unknown kind \"\(row.text(2))\"")
        }
        let scopes = try row.text(6).split(separator: " ").map { word in
            guard let scope = CredentialScope(rawValue: String(word)) else {
                throw StoreError.broken("credential #\(id) has the unknown scope \"\(word)\"")
            }
            return scope
        }
        self.init(
            id: id, accountID: AccountID(rawValue: row.int(1)), kind: kind, secret: row.text(3), label: row.text(4),
            publicID: row.optionalText(5), scopes: Set(scopes),
            networks: row.text(7).split(separator: " ").map(String.init), created: row.int(8),
            expires: row.optionalInt(9), scram: row.optionalText(10), isConfirmed: row.int(11) == 1,
            lastStep: row.int(12), failures: row.int(13), lastUsed: row.optionalInt(14), useCount: row.int(15),
            changed: row.int(16))
    }
}

/// What goes into a log by mistake shows no secret.
extension CredentialRecord: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "credential of account #\(accountID): \(auditDetail)" }
    package var debugDescription: String { description }
}

extension NewCredential: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String { "new \(kind.rawValue) \(publicID ?? "") \(label)" }
    package var debugDescription: String { description }
}
