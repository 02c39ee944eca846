// `martlet domain`: the domains whose mail is here.

internal import ArgumentParser

struct DomainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "domain", abstract: "The domains whose mail is here.",
        subcommands: [DomainAdd.self, DomainList.self, DomainRemove.self])
}
