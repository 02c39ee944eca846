// Where a command gets a password from: never from its arguments or the environment, which other users can read.

internal import Accounts
internal import ArgumentParser

/// `--prompt`, `--password-stdin`, `--generate`: at most one of them.
struct PasswordOptions: ParsableArguments {
    @Flag(name: .customLong("prompt"), help: "Ask for the password at the terminal, without echo.")
    var asks = false

    @Flag(name: .customLong("password-stdin"), help: "Read the password from standard input (one line).")
    var readsStandardInput = false

    @Flag(name: .customLong("generate"), help: "Generate a password and show it once.")
    var generates = false

    mutating func validate() throws {
        guard [asks, readsStandardInput, generates].filter({ $0 }).count <= 1 else {
            throw ValidationError("Choose one of --prompt, --password-stdin and --generate.")
        }
    }

    /// The password for `address`.
    /// - Parameter least: characters that it needs.
    func choice(
        for address: String, least: Int = Password.shortest, otherwise standard: () throws -> PasswordChoice
    ) throws -> PasswordChoice {
        if generates { return .generated }
        if readsStandardInput { return .given(try Prompt.secretFromStandardInput()) }
        if asks { return try PasswordOptions.ask(for: address, least: least) }
        return try standard()
    }

    /// - Parameter least: characters that it needs.
    static func ask(for address: String, least: Int = Password.shortest) throws -> PasswordChoice {
        let question = "New password for \(Output.visible(address))"
        return .given(
            try Prompt.newSecret(question) { bytes in
                do throws(Password.Problem) {
                    _ = try Password.checked(bytes, least: least)
                } catch {
                    throw AdministrationError.badPassword(error)
                }
            })
    }
}
