// Bans: networks that may not connect. They live in the directory, so they can be changed while no server runs.

internal import Mail
package import MailStore

extension AccountAdministration {
    /// The bans that hold now, newest first.
    package func bans() async throws(AdministrationError) -> [BanRecord] {
        let now = now()
        return try await storing { () async throws(StoreError) in try await store.directory.bans() }
            .filter { !$0.isOver(at: now) }
    }

    /// Bans a network, or changes its ban.
    /// - Parameters:
    ///   - network: an address or a CIDR; none that holds a loopback address.
    ///   - expires: seconds since 1970; nil until it is lifted.
    /// - Returns: the ban as it is kept.
    package func addBan(
        _ network: String, reason: String = "", expires: Int64? = nil
    ) async throws(AdministrationError) -> BanRecord {
        let network = try Self.network(network)
        let own = ["127.0.0.0/8", "::1"].compactMap { try? Network($0) }
        guard !own.contains(where: { $0.contains(network.address) || network.contains($0.address) }) else {
            throw .credential(.bansYou(network.description))
        }
        if let expires, expires <= now() { throw .credential(.badExpiry(expires)) }
        let ban = BanRecord(
            network: network.description, created: now(), expires: expires, reason: try checkedLabel(reason),
            actor: actor)
        try await storing { () async throws(StoreError) in try await store.directory.addBan(ban, by: actor) }
        return ban
    }

    /// Ends a ban and forgets what was guessed from there.
    package func liftBan(_ network: String) async throws(AdministrationError) {
        let network = try Self.network(network)
        let wasBanned = try await storing { () async throws(StoreError) in
            try await store.directory.liftBan(network: network.description, by: actor)
        }
        guard !wasBanned else { return }
        let holder = try await bans().first { ban in
            (try? Network(ban.network))?.contains(network.address) ?? false
        }
        throw .credential(.noSuchBan(network.description, holder: holder?.network))
    }

    static func network(_ text: String) throws(AdministrationError) -> Network {
        do { return try Network(text) } catch { throw .credential(.badNetwork(error)) }
    }
}
