// `martlet capability`: what an account's IMAP logins are offered.

internal import Accounts
internal import ArgumentParser

struct CapabilityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capability", abstract: "IMAP capabilities of one account: a way out of one client's bug.",
        subcommands: [CapabilityShow.self, CapabilityDisable.self, CapabilityEnable.self])
}

struct CapabilityFacts: Codable {
    let name: String
    /// The account's logins are offered it, as far as the server has it.
    let isOffered: Bool
    /// It was switched for this account.
    let isSwitched: Bool

    init(_ state: CapabilityState) {
        name = state.name
        isOffered = state.isOffered
        isSwitched = state.isSwitched
    }

    private enum CodingKeys: String, CodingKey {
        case name
        case isOffered = "offered"
        case isSwitched = "switched"
    }

    /// Switches capabilities.
    /// - Returns: what is so of each now.
    static func switched(
        _ names: [String], of address: String, to isEnabled: Bool, _ data: DataOptions
    ) async throws -> [CapabilityFacts] {
        try await StoreAccess.administration(data) { administration, _ in
            try await administration.switchCapabilities(names, of: address, to: isEnabled)
            let named = Set(names.map { $0.uppercased() })
            return try await administration.capabilities(of: address).filter { named.contains($0.name) }
                .map(CapabilityFacts.init)
        }
    }

    static func sentences(_ facts: [CapabilityFacts], of address: String) -> String {
        facts.map { fact in
            let isOffered = fact.isOffered ? "are offered" : "are not offered"
            return "Logins of \(address) \(isOffered) \(fact.name), from the next on."
        }.joined(separator: "\n")
    }

    static func text(_ facts: [CapabilityFacts]) -> String {
        var table = Table([("CAPABILITY", .left), ("OFFERED", .left), ("SWITCHED", .left)])
        for fact in facts { table.add([fact.name, fact.isOffered ? "yes" : "no", fact.isSwitched ? "here" : ""]) }
        return table.text
    }
}
