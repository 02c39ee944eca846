// `martlet alias`: further addresses of accounts.

internal import ArgumentParser

struct AliasCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Aliases: further addresses, each leading to one or more accounts.",
        subcommands: [AliasAdd.self, AliasList.self, AliasRemove.self])
}
