// The main password's policy, read and set: the server's and each account's own.

internal import Mail
internal import MailStore

/// Where the main password may be used, and why.
package struct PolicyInfo: Hashable, Sendable {
    /// The account's own; nil when it has none, or for the server's policy.
    package let account: MainPasswordPolicy?
    package let server: MainPasswordPolicy
    package let trustedNetworks: [Network]
    package let hasTOTP: Bool
    /// What counts.
    package let effective: MainPasswordPolicy

    /// Whether a login from there may use the main password.
    package func allowsMainPassword(from address: String) -> Bool {
        effective.allows(from: address, trusted: trustedNetworks)
    }
}

extension AccountAdministration {
    /// - Parameter address: nil for the server's policy.
    package func policy(_ address: String? = nil) async throws(AdministrationError) -> PolicyInfo {
        guard let address else { return try await policy(of: nil) }
        return try await policy(of: try await account(address))
    }

    /// - Parameters:
    ///   - policy: nil takes the account's own away, or sets the server's back to `everywhere`.
    ///   - address: nil for the server's.
    package func setPolicy(
        _ policy: MainPasswordPolicy?, for address: String? = nil
    ) async throws(AdministrationError) {
        guard let address else {
            return try await storing { () async throws(StoreError) in
                try await store.directory.setSetting(MainPasswordPolicy.settingKey, policy?.rawValue, by: actor)
            }
        }
        let account = try await account(address)
        try await storing { () async throws(StoreError) in
            try await store.directory.setMainPasswordPolicy(account.id, policy?.rawValue, by: actor)
        }
    }

    /// Sets the networks that `trusted-networks` means.
    /// - Parameter networks: addresses and CIDRs; nil for the default, empty for none.
    package func setTrustedNetworks(_ networks: [String]?) async throws(AdministrationError) {
        let value = try networks.map { (texts) throws(AdministrationError) in
            try Self.checkedNetworks(texts).joined(separator: " ")
        }
        try await storing { () async throws(StoreError) in
            try await store.directory.setSetting(MainPasswordPolicy.trustedNetworksKey, value, by: actor)
        }
    }

    func policy(of account: AccountRecord?) async throws(AdministrationError) -> PolicyInfo {
        try await storing { () async throws(StoreError) in try await PolicyInfo.read(account, store.directory) }
    }
}

extension LoginFacts {
    /// What `PolicyInfo` says of the same rows.
    func allowsMainPassword(of account: AccountRecord, from address: String) -> Bool {
        let policy = MainPasswordPolicy.effective(
            account: account.mainPasswordPolicy, server: settings[MainPasswordPolicy.settingKey], hasTOTP: hasTOTP)
        // The networks are read only where they count.
        guard policy == .trustedNetworks else { return policy.allows(from: address, trusted: []) }
        let networks = settings[MainPasswordPolicy.trustedNetworksKey]
        return policy.allows(from: address, trusted: MainPasswordPolicy.trustedNetworks(setting: networks))
    }
}

extension PolicyInfo {
    /// What holds for the account now; of nil, what the server says. What cannot be read throws.
    static func read(_ account: AccountRecord?, _ directory: Directory) async throws(StoreError) -> PolicyInfo {
        let server = try await directory.setting(MainPasswordPolicy.settingKey)
        let networks = try await directory.setting(MainPasswordPolicy.trustedNetworksKey)
        var hasTOTP = false
        if let account {
            hasTOTP = try await directory.credentials(of: account.id, kind: .totp).contains { $0.isConfirmed }
        }
        return PolicyInfo(
            account: account?.mainPasswordPolicy.map { MainPasswordPolicy(rawValue: $0) ?? .never },
            server: .effective(account: nil, server: server, hasTOTP: false),
            trustedNetworks: MainPasswordPolicy.trustedNetworks(setting: networks), hasTOTP: hasTOTP,
            effective: .effective(account: account?.mainPasswordPolicy, server: server, hasTOTP: hasTOTP))
    }
}
