// Where an account's main password opens its mail. Whatever is unclear means: nowhere.

/// Where mail programs may log in with the main password.
package enum MainPasswordPolicy: String, CaseIterable, Hashable, Sendable {
    case everywhere
    case trustedNetworks = "trusted-networks"
    case never

    /// What counts: never with TOTP on; else the account's own, else the server's, else everywhere. A stored word that
    /// is none of these counts as never.
    package static func effective(account: String?, server: String?, hasTOTP: Bool) -> MainPasswordPolicy {
        if hasTOTP { return .never }
        guard let word = account ?? server else { return .everywhere }
        return MainPasswordPolicy(rawValue: word) ?? .never
    }

    /// Whether a login from there may use the main password; what is no IP address is trusted by nobody.
    package func allows(from address: String, trusted: [Network]) -> Bool {
        switch self {
        case .everywhere: true
        case .trustedNetworks: trusted.contains(address: address)
        case .never: false
        }
    }

    /// Loopback, and the networks of RFC 1918, RFC 4193 and link-local ones.
    package static let defaultTrustedNetworks =
        "127.0.0.0/8 ::1 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 169.254.0.0/16 fc00::/7 fe80::/10"

    /// The setting that holds the server's policy, and the one that holds its trusted networks.
    package static let settingKey = "policy.main-password"
    package static let trustedNetworksKey = "policy.trusted-networks"

    /// The trusted networks of a setting; nil, an unset one, means the default. Of a broken setting none are trusted.
    package static func trustedNetworks(setting: String?) -> [Network] {
        (try? Network.list(setting ?? defaultTrustedNetworks)) ?? []
    }
}
