// `martlet user quota`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserQuota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Set how much an account's mail may take.",
        discussion: """
            An account that is over its quota keeps its mail, and gets no more.

            Examples:
              martlet user quota alice@example.org 10G
              martlet user quota alice@example.org none
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "500M, 5G, a number of bytes, or none.", transform: Quota.init) var quota: Quota
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let quotaBytes: Int64?
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.setQuota(of: address, to: quota.bytes)
            let account = try await administration.account(address)
            return Facts(address: account.address.description, quotaBytes: quota.bytes)
        }
        try options.output.show(facts) { "Quota of \($0.address): \(Quota.text($0.quotaBytes))." }
    }
}
