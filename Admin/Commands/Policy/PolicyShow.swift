// `martlet policy show`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct PolicyShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show the policy of the server, or what counts for an account and why.",
        discussion: "Examples:\n  martlet policy show\n  martlet policy show alice@example.org")

    @Argument(help: "The account's address (default: the server).") var address: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await PolicyShow.facts(administration, address)
        }
        try options.output.show(facts, text: \.text)
    }

    static func facts(_ administration: AccountAdministration, _ address: String?) async throws -> PolicyFacts {
        guard let address else { return PolicyFacts(try await administration.policy(), address: nil) }
        let account = try await administration.account(address)
        return PolicyFacts(try await administration.policy(address), address: account.address.description)
    }
}
