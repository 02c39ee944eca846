// `martlet totp confirm`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct TOTPConfirm: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Turn an account's TOTP on, with the first code of its authenticator app.",
        discussion: """
            A code is good for half a minute and a little more, and once. From now on mail programs need app \
            passwords; a running server ends sessions that stand on the main password.

            Example:
              martlet totp confirm alice@example.org 123456
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "The six digits that the app shows now.") var code: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            try await administration.confirmTOTP(address, code: code)
            return TOTPStateFacts(address: account.address.description, state: TOTPStatus.State.on.rawValue)
        }
        try options.output.show(facts) { facts in
            """
            TOTP of \(facts.address) is on. Its mail programs need app passwords from now on.
            Next: martlet recovery-codes renew \(facts.address), for the day the telephone is lost, and
            martlet app-password create \(facts.address) --label Laptop, one for each mail program.
            """
        }
    }
}
