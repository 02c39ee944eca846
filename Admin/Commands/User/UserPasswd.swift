// `martlet user passwd`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserPasswd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd", abstract: "Set an account's password.",
        discussion: """
            Asks for the password at the terminal unless told otherwise. A running server ends the account's sessions.

            Examples:
              martlet user passwd alice@example.org
              martlet user passwd alice@example.org --generate
            """)

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var password: PasswordOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            // First the account, so that nobody types a password for one that is not there.
            let account = try await administration.account(address)
            let hasTOTP = try await administration.totpStatus(address).state == .on
            let least = hasTOTP ? Password.shortestWithSecondFactor : Password.shortest
            let choice = try password.choice(for: account.address.description, least: least) {
                try PasswordOptions.ask(for: account.address.description, least: least)
            }
            let generated = try await administration.setPassword(of: address, to: choice)
            return UserFacts(address: account.address.description, password: generated)
        }
        try options.output.show(facts) { facts in
            facts.password.map { "Password of \(facts.address) (shown only now): \($0)" }
                ?? "Password of \(facts.address) set."
        }
    }
}
