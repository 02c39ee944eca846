// `martlet session`: the mail programs that are logged in now. Only the running server knows them.

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Sessions: who is logged in to the running server.",
        subcommands: [SessionList.self, SessionKick.self])

    /// Asks the server that runs on the data directory, as the directory's owner.
    /// - Parameter address: an account or an alias of it; `work` gets the account's own address.
    static func ask<Result>(
        about address: String?, _ data: DataOptions, _ work: (ControlClient, String?) async throws -> Result
    ) async throws -> Result {
        let account = try await StoreAccess.administration(data) { administration, _ in
            guard let address else { return nil as String? }
            return try await administration.account(address).address.description
        }
        return try await work(ControlClient(dataDirectory: data.directory), account)
    }
}
