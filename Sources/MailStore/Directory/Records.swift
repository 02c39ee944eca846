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
    /// Where the main password is accepted: `everywhere`, `trusted-networks` or `never`; nil as the server's setting.
    package let mainPasswordPolicy: String?
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
