// `martlet totp`: the second factor, a code from an authenticator app.

internal import ArgumentParser

struct TOTPCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "totp", abstract: "The second factor: codes from an authenticator app.",
        subcommands: [TOTPEnroll.self, TOTPConfirm.self, TOTPStatusCommand.self, TOTPReset.self])
}

/// What a command that changed an account's TOTP says.
struct TOTPStateFacts: Codable {
    let address: String
    /// `on` or `off`.
    let state: String
}
