// Which IMAP capabilities an account has otherwise than others.

import GRDB
import Mail

/// What an account is spared, and what it is given. Names in upper case, as CAPABILITY writes them.
package struct CapabilitySwitches: Hashable, Sendable {
    package var disabled: Set<String>
    package var enabled: Set<String>

    package init(disabled: Set<String> = [], enabled: Set<String> = []) {
        self.disabled = disabled
        self.enabled = enabled
    }
}

extension Directory {
    package func capabilitySwitches(of account: AccountID) async throws(StoreError) -> CapabilitySwitches {
        try await file.read { db in try db.capabilitySwitches(of: account) }
    }

    /// - Parameter isEnabled: nil for what every account has.
    package func setCapability(
        _ name: String, of account: AccountID, to isEnabled: Bool?, by actor: String
    ) async throws(StoreError) {
        try await note { db in
            let record = try db.requireAccount(account)
            if let isEnabled {
                try db.run(
                    """
                    INSERT INTO capability_switch (account_id, name, is_enabled) VALUES (?, ?, ?)
                    ON CONFLICT (account_id, name) DO UPDATE SET is_enabled = excluded.is_enabled
                    """, .int(account.rawValue), .text(name), .int(isEnabled ? 1 : 0))
            } else {
                try db.run(
                    "DELETE FROM capability_switch WHERE account_id = ? AND name = ?", .int(account.rawValue),
                    .text(name))
            }
            let value = isEnabled.map { $0 ? "on" : "off" } ?? "default"
            try db.audit(actor, "capability.set", record.address.description, "\(name): \(value)")
        }
    }
}

extension Database {
    func capabilitySwitches(of account: AccountID) throws -> CapabilitySwitches {
        var switches = CapabilitySwitches()
        try each("SELECT name, is_enabled FROM capability_switch WHERE account_id = ?", .int(account.rawValue)) {
            if $0.int(1) != 0 { switches.enabled.insert($0.text(0)) } else { switches.disabled.insert($0.text(0)) }
        }
        return switches
    }
}
