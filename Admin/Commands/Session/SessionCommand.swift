// `martlet session`: the mail programs that are logged in now. Only the running server knows them.

internal import Accounts
internal import ArgumentParser

struct SessionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "session", abstract: "Sessions: who is logged in to the running server.",
        subcommands: [SessionList.self, SessionKick.self])

    /// Asks the server that runs on the data directory, as the directory's owner.
    static func ask<Result>(
        _ data: DataOptions, _ work: (ControlClient) async throws -> Result
    ) async throws -> Result {
        try StoreAccess.check(data.directory)
        try StoreAccess.becomeOwner(of: data.directory)
        return try await work(ControlClient(dataDirectory: data.directory))
    }
}
