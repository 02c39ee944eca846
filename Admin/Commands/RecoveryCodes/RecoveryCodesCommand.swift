// `martlet recovery-codes`: codes on paper that stand in for the authenticator app.

internal import ArgumentParser

struct RecoveryCodesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recovery-codes",
        abstract: "Recovery codes: each stands in once for a code of the authenticator app.",
        subcommands: [RecoveryCodesRenew.self])
}
