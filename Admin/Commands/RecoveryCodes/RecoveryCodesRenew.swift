// `martlet recovery-codes renew`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct RecoveryCodesRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew", abstract: "Make ten new recovery codes; those from before are void.",
        discussion: """
            The account must have TOTP on. The codes are shown once: print them, or write them down.

            Example:
              martlet recovery-codes renew alice@example.org
            """)

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let codes: [String]
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            return Facts(
                address: account.address.description, codes: try await administration.renewRecoveryCodes(address))
        }
        try options.output.show(facts) { facts in
            let codes = facts.codes.enumerated().map { index, code in
                "\(index < 9 ? " " : "")\(index + 1)  \(code)"
            }
            return """
                Recovery codes of \(facts.address), shown only now. Each is good once; older ones are void.
                \(codes.joined(separator: "\n"))
                """
        }
    }
}
