// `martlet alias remove`

internal import Accounts
internal import ArgumentParser

struct AliasRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove an alias; the accounts it led to stay.",
        discussion: "Example:\n  martlet alias remove info@example.org")

    @Argument(help: "The alias, such as info@example.org or @example.org.") var alias: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable { let alias: String }

    func run() async throws {
        try await StoreAccess.administration(data) { administration, _ in
            try await administration.removeAlias(alias)
        }
        try options.output.show(Facts(alias: alias)) { Output.visible("Alias \($0.alias) removed.") }
    }
}
