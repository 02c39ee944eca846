// `martlet session kick`

internal import Accounts
internal import ArgumentParser

struct SessionKick: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kick", abstract: "End a session, or all sessions of an account.",
        discussion: """
            Mail programs log in again by themselves. To keep one out, revoke its app password; to keep everybody out, \
            suspend the account: both end the sessions too.

            Examples:
              martlet session kick t8ao
              martlet session kick --account alice@example.org
            """)

    @Argument(help: "The session's id, as martlet session list shows it.") var id: String?
    @Option(help: ArgumentHelp("All sessions of this account.", valueName: "address")) var account: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        /// How many sessions were ended.
        let kicked: Int
    }

    mutating func validate() throws {
        guard (id == nil) != (account == nil) else {
            throw ValidationError("Give the id of a session, or --account with an address.")
        }
    }

    func run() async throws {
        let kicked = try await SessionCommand.ask(about: account, data) { client, account in
            if let account { return try await client.kick(account: account) }
            let kicked = try await client.kick(session: id ?? "")
            guard kicked > 0 else { throw Self.notFound(id ?? "") }
            return kicked
        }
        try options.output.show(Facts(kicked: kicked)) { "\(Output.count($0.kicked, "session")) ended." }
    }

    private static func notFound(_ id: String) -> Failure {
        let hint =
            id.contains("@")
            ? "all of an account are ended by: martlet session kick --account \(id)"
            : "\"martlet session list\" shows those that there are"
        return Failure.notFound("there is no session \"\(id)\"; \(hint)")
    }
}
