// `martlet user add`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add an account.",
        discussion: """
            Without --prompt or --password-stdin a password is generated and shown once. The domain must be there \
            (martlet domain add). The account has the mailboxes INBOX, Drafts, Sent, Trash, Junk and Archive.

            Examples:
              martlet user add alice@example.org --name "Alice Liddell" --quota 5G
              martlet user add bob@example.org --password-stdin < bob.password
            """)

    @Argument(help: "The account's address, such as alice@example.org.") var address: String
    @Option(name: .customLong("name"), help: ArgumentHelp("The person's name.", valueName: "name"))
    var displayName = ""
    @Option(
        help: ArgumentHelp("The most that the mail may take: 500M, 5G, or none (the default).", valueName: "size"),
        transform: Quota.init)
    var quota = Quota.none
    @OptionGroup var password: PasswordOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let choice = try password.choice(for: address) { .generated }
        let created = try await StoreAccess.administration(data) { administration, store in
            let created = try await administration.createAccount(
                address, displayName: displayName, password: choice, quota: quota.bytes)
            // Makes the account's file and its mailboxes now rather than at the first login.
            _ = try await store.account(created.account.id)
            return created
        }
        let facts = UserFacts(address: created.account.address.description, password: created.generatedPassword)
        try options.output.show(facts) { facts in
            let added = "Account \(facts.address) added."
            return facts.password.map { "\(added)\nPassword (shown only now): \($0)" } ?? added
        }
    }
}

/// A quota as it is typed.
struct Quota {
    static let none = Quota(bytes: nil)
    let bytes: Int64?

    private init(bytes: Int64?) { self.bytes = bytes }
    init(_ text: String) throws { bytes = try Typed.quota(text) }

    static func text(_ bytes: Int64?) -> String { bytes.map { ByteCount($0).text } ?? "none" }
}
