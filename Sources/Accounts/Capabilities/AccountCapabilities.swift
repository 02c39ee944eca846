// Switching IMAP capabilities off and on for one account: a way out of one client's bug.

import MailStore

/// A capability of an account, as people are shown it.
package struct CapabilityState: Hashable, Sendable {
    package let name: String
    /// The account's logins are offered it, as far as the server has it.
    package let isOffered: Bool
    /// Somebody has switched it for this account.
    package let isSwitched: Bool
}

extension AccountAdministration {
    /// Every capability that can be switched, by name.
    package func capabilities(of address: String) async throws(AdministrationError) -> [CapabilityState] {
        let account = try await account(address)
        let switches = try await storing { () async throws(StoreError) in
            try await store.directory.capabilitySwitches(of: account.id)
        }
        return IMAPCapabilities.standard.union(IMAPCapabilities.onRequest).sorted().map { name in
            CapabilityState(
                name: name,
                isOffered: IMAPCapabilities.isOffered(name, disabled: switches.disabled, enabled: switches.enabled),
                isSwitched: switches.disabled.contains(name) || switches.enabled.contains(name))
        }
    }

    /// Switches capabilities for the logins that come from now on, all of them or none.
    /// - Parameter names: in any case.
    package func switchCapabilities(
        _ names: [String], of address: String, to isEnabled: Bool
    ) async throws(AdministrationError) {
        let account = try await account(address)
        let names = names.map { $0.uppercased() }
        for name in names {
            guard IMAPCapabilities.standard.contains(name) || IMAPCapabilities.onRequest.contains(name) else {
                throw .noSuchCapability(name)
            }
        }
        for name in names {
            let isStandard = IMAPCapabilities.standard.contains(name)
            try await storing { () async throws(StoreError) in
                try await store.directory.setCapability(
                    name, of: account.id, to: isEnabled == isStandard ? nil : isEnabled, by: actor)
            }
        }
    }
}
