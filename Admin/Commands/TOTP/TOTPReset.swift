// `martlet totp reset`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct TOTPReset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset", abstract: "Take an account's TOTP and its recovery codes away.",
        discussion: """
            For a lost telephone. App passwords stay; where the main password opens the mail again, martlet policy \
            show says.

            Example:
              martlet totp reset alice@example.org
            """)

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            try await administration.resetTOTP(address)
            return TOTPStateFacts(address: account.address.description, state: TOTPStatus.State.off.rawValue)
        }
        try options.output.show(facts) { "TOTP of \($0.address) is off, and its recovery codes are void." }
    }
}
