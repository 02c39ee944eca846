// Domains: their names checked, their coming and going.

import Mail
package import MailStore

extension AccountAdministration {
    /// Every domain, by name.
    package func domains() async throws(AdministrationError) -> [DomainRecord] {
        try await storing { () async throws(StoreError) in try await store.directory.domains() }
            .sorted { $0.name < $1.name }
    }

    /// Adds a domain; gives its name in the one spelling that is kept.
    package func addDomain(_ name: String) async throws(AdministrationError) -> String {
        let name = try Self.domain(name)
        try await storing { () async throws(StoreError) in try await store.directory.addDomain(name, by: actor) }
        return name
    }

    /// Removes a domain that no address is in.
    package func removeDomain(_ name: String) async throws(AdministrationError) {
        let name = try Self.domain(name)
        try await requireDomain(name)
        try await storing { () async throws(StoreError) in try await store.directory.removeDomain(name, by: actor) }
    }

    func requireDomain(_ name: String) async throws(AdministrationError) {
        let known = try await storing { () async throws(StoreError) in try await store.directory.domains() }
        guard known.contains(where: { $0.name == name }) else { throw .noSuchDomain(name) }
    }

    /// A domain's name in lower case and NFC, without a final dot.
    static func domain(_ text: String) throws(AdministrationError) -> String {
        let name: String
        do { name = try EmailAddress.checkedDomain(text) } catch { throw .badDomain(text, error) }
        guard !name.hasPrefix("[") else { throw .addressLiteral(text) }
        return name
    }
}
