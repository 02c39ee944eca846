// `martlet alias list`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct AliasList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the aliases and where they lead.",
        discussion: "Example:\n  martlet alias list")

    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let alias: String
        let accounts: [String]
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.aliases().map { alias in
                Facts(alias: alias.name.text, accounts: alias.targets.map(\.address.description))
            }
        }
        if facts.isEmpty {
            options.output.remark(
                "There are no aliases. Add one: martlet alias add info@example.org alice@example.org")
        }
        try options.output.show(facts) { facts in
            guard !facts.isEmpty else { return "" }
            var table = Table([("ALIAS", .left), ("ACCOUNTS", .left)])
            for fact in facts { table.add([fact.alias, fact.accounts.joined(separator: ", ")]) }
            return table.text
        }
    }
}
