// `martlet message`: mail in and out of an account in bulk, and back from the expunged.

internal import ArgumentParser

struct MessageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Bring mail into an account, take it out, bring back what was expunged.",
        subcommands: [MessageImport.self, MessageExport.self, MessageUndelete.self, MessagePurge.self])
}
