// `martlet login`: why a login works or does not, and which there were.

internal import ArgumentParser

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Logins: what would be accepted and why not, and those there were.",
        subcommands: [LoginExplain.self, LoginHistory.self])
}
