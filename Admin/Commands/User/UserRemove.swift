// `martlet user remove`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove an account and all of its mail, for good.",
        discussion: """
            Asks before it does so, unless --yes says that you mean it. Export the mail first if anybody may want it.

            Examples:
              martlet message export alice@example.org ./alice-mail
              martlet user remove alice@example.org
            """)

    @Argument(help: "The account's address.") var address: String
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let removed = try await StoreAccess.administration(data) { administration, store in
            let account = try await administration.account(address)
            // An alias names the account in passing; what is removed is named by its own address.
            guard try account.address.lookupKey == Typed.address(address).lookupKey else {
                throw Failure(
                    "\(address) is an alias of \(account.address); to remove that account, name it by its own address")
            }
            if !yes { try await confirm(account, store) }
            try await administration.removeAccount(address)
            return account.address.description
        }
        try options.output.show(UserFacts(address: removed)) { "Account \($0.address) and its mail removed." }
    }

    private func confirm(_ account: AccountRecord, _ store: Store) async throws {
        let mail = try await store.account(account.id)
        let messages = try await mail.mailboxes().reduce(0) { $0 + $1.messages }
        let size = ByteCount(try await mail.usage().used).text
        try Prompt.confirm(
            "Remove account \(account.address) with its \(Output.count(messages, "message")) (\(size)) for good?")
    }
}
