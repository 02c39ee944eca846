// `martlet policy set`

internal import Accounts
internal import ArgumentParser

struct PolicySet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Set where the main password is accepted, for the server or for one account.",
        discussion: """
            everywhere: mail programs may log in with the main password from anywhere; trusted-networks: only from \
            these; never: they need app passwords. An account's own policy goes before the server's, and TOTP before \
            both: with it on, it is never. A running server goes by it within a second, and ends sessions that stand \
            on a main password that is no longer accepted.

            Examples:
              martlet policy set --main-password trusted-networks --trusted-networks 192.168.0.0/16 2001:db8::/32
              martlet policy set alice@example.org --main-password never
              martlet policy set alice@example.org --main-password default
            """)

    @Argument(help: "The account's address (default: the server).") var address: String?
    @Option(
        help: ArgumentHelp(
            "everywhere, trusted-networks or never; default takes the account's own, or the server's, away.",
            valueName: "policy"),
        transform: Choice.init)
    var mainPassword: Choice?
    @Option(
        name: .customLong("trusted-networks"), parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            The server's trusted networks, such as 192.168.0.0/16; none; or default: this machine and private networks.
            """, valueName: "cidr"))
    var networks: [String] = []
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    /// A policy as it is typed.
    struct Choice {
        /// nil for `default`.
        let policy: MainPasswordPolicy?

        init(_ text: String) throws {
            policy = MainPasswordPolicy(rawValue: text.lowercased())
            guard policy != nil || text.lowercased() == "default" else {
                throw Typed.Mistake(description: "write everywhere, trusted-networks, never, or default")
            }
        }
    }

    /// Trusted networks as they are typed.
    enum Networks: Equatable {
        case standard
        case listed([String])

        init(_ words: [String]) throws {
            let parts = words.flatMap { $0.split(separator: ",").map(String.init) }
            if parts == ["default"] {
                self = .standard
            } else {
                self = .listed(parts == ["none"] ? [] : try parts.map(Typed.network))
            }
        }

        /// nil for the default.
        var value: [String]? {
            if case .listed(let networks) = self { networks } else { nil }
        }
    }

    mutating func validate() throws {
        guard mainPassword != nil || !networks.isEmpty else {
            throw ValidationError("Say what to set: --main-password, --trusted-networks, or both.")
        }
        if address != nil, !networks.isEmpty {
            throw ValidationError("The trusted networks are the server's; set them without an account.")
        }
        do { _ = try Networks(networks) } catch { throw ValidationError("--trusted-networks: \(error)") }
    }

    func run() async throws {
        let networks = try networks.isEmpty ? nil : Networks(networks)
        let facts = try await StoreAccess.administration(data) { administration, _ in
            if let networks { try await administration.setTrustedNetworks(networks.value) }
            if let mainPassword { try await administration.setPolicy(mainPassword.policy, for: address) }
            return try await PolicyShow.facts(administration, address)
        }
        if facts.source == "totp", let mainPassword, mainPassword.policy != .never {
            options.output.remark("TOTP is on: while it is, the main password is accepted nowhere.")
        }
        try options.output.show(facts, text: \.text)
    }
}
