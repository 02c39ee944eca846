// `martlet app-password revoke`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct AppPasswordRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "End an app password, and the sessions that live on it.",
        discussion: """
            A running server ends the sessions within a second.

            Example:
              martlet app-password revoke alice@example.org k7q2m
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "The app password's id, its first five letters.") var id: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let id: String
        let label: String
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            let info = try await administration.appPassword(address, id: id)
            try await administration.revokeAppPassword(address, id: info.id)
            return Facts(address: account.address.description, id: info.id, label: info.label)
        }
        try options.output.show(facts) {
            Output.visible("App password \($0.id) \"\($0.label)\" of \($0.address) revoked.")
        }
    }
}
