// `martlet capability show`

internal import Accounts
internal import ArgumentParser

struct CapabilityShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show which capabilities an account's logins are offered.",
        discussion: "Examples:\n  martlet capability show alice@example.org")

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.capabilities(of: address).map(CapabilityFacts.init)
        }
        try options.output.show(facts, text: CapabilityFacts.text)
    }
}
