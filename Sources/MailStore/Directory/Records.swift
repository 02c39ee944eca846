// What `directory.db` holds, as values.

package import Mail

package struct DomainRecord: Hashable, Sendable {
    /// In lower case.
    package let name: String
    /// Seconds since 1970.
    package let created: Int64
}

package enum AccountStatus: String, Hashable, Sendable {
    case active
    /// Mail is refused and nobody logs in; everything stays.
    case suspended
}

package struct AccountRecord: Hashable, Sendable {
    package let id: AccountID
    /// The account's own address, which is also its login name.
    package let address: EmailAddress
    package let displayName: String
    package let status: AccountStatus
    /// The most bytes that its messages may have; nil for no bound.
    package let quota: Int64?
    /// Seconds since 1970.
    package let created: Int64
    /// Grows with every change after which the account's sessions must be looked at again.
    package let generation: Int64
}

/// An alias's name: an address, or a whole domain.
package enum AliasName: Hashable, Sendable {
    case address(EmailAddress)
    /// Every address of the domain that is nobody's.
    case catchAll(domain: String)

    package var domain: String {
        switch self {
        case .address(let address): address.domain
        case .catchAll(let domain): domain
        }
    }
    package var text: String {
        switch self {
        case .address(let address): address.description
        case .catchAll(let domain): "@\(domain)"
        }
    }
    var key: String {
        switch self {
        case .address(let address): address.lookupKey
        case .catchAll(let domain): "@\(domain)"
        }
    }
}

package struct AliasRecord: Hashable, Sendable {
    package let name: AliasName
    package let targets: [AccountRecord]
}

/// An account that gets a message, and what stood behind the `+`.
package struct Recipient: Hashable, Sendable {
    package let account: AccountRecord
    package let detail: String?
}

package struct CredentialRecord: Hashable, Sendable {
    package let id: CredentialID
    package let accountID: AccountID
    /// A PHC string.
    package let secret: String
    /// Grows whenever the person's secret is another one; a rehash leaves it.
    package let changed: Int64
}

/// One line of the audit trail.
package struct AuditRecord: Hashable, Sendable {
    package let time: Int64
    package let actor: String
    package let action: String
    package let subject: String
    package let detail: String
}
