// `martlet alias add`

internal import Accounts
internal import ArgumentParser

struct AliasAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an address that leads to one or more accounts.",
        discussion: """
            @example.org is the domain's catch-all: it gets what no other address of the domain takes.

            Examples:
              martlet alias add info@example.org alice@example.org bob@example.org
              martlet alias add @example.org alice@example.org
            """)

    @Argument(help: "The alias, such as info@example.org or @example.org.") var alias: String
    @Argument(help: "The accounts it leads to.") var accounts: [String]
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        try await StoreAccess.administration(data) { administration, _ in
            try await administration.addAlias(alias, targets: accounts)
        }
        try options.output.show(AliasList.Facts(alias: alias, accounts: accounts)) {
            Output.visible("Alias \($0.alias) leads to \($0.accounts.joined(separator: ", ")).")
        }
    }
}
