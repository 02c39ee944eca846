// Aliases: addresses that lead to accounts; `@example.org` catches what no other address of the domain takes.

import Mail
package import MailStore

extension AccountAdministration {
    /// Every alias, by address.
    package func aliases() async throws(AdministrationError) -> [AliasRecord] {
        try await storing { () async throws(StoreError) in try await store.directory.aliases() }
    }

    /// Makes an alias that leads to the accounts of `targets`; there must be at least one.
    /// - Parameter alias: `name@example.org`, or `@example.org` for the domain's catch-all.
    package func addAlias(_ alias: String, targets: [String]) async throws(AdministrationError) {
        let name = try Self.aliasName(alias)
        try await requireDomain(name.domain)
        var ids: [AccountID] = []
        for target in targets {
            let id = try await account(target).id
            if !ids.contains(id) { ids.append(id) }
        }
        guard !ids.isEmpty else { throw .noTargets(alias) }
        try await storing { () async throws(StoreError) in
            try await store.directory.addAlias(name, targets: ids, by: actor)
        }
    }

    package func removeAlias(_ alias: String) async throws(AdministrationError) {
        let name = try Self.aliasName(alias)
        do {
            try await store.directory.removeAlias(name, by: actor)
        } catch {
            if case .notFound = error { throw .noSuchAlias(alias) }
            throw .store(error)
        }
    }

    private static func aliasName(_ text: String) throws(AdministrationError) -> AliasName {
        if text.hasPrefix("@") { return .catchAll(domain: try domain(String(text.dropFirst()))) }
        let address = try address(text)
        guard address.splitDetail().detail == nil else { throw .detailInAddress(text) }
        return .address(address)
    }
}
