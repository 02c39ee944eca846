// `martlet message`: mail in and out of an account in bulk.

internal import ArgumentParser

struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Bring mail into an account, and take it out.",
        subcommands: [MessageImport.self, MessageExport.self])
}
