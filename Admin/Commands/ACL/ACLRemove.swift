// `martlet acl remove`

internal import Accounts
internal import ArgumentParser
internal import Mail

struct ACLRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Take somebody's line out of a mailbox's list.",
        discussion: "Example:\n  martlet acl remove alice@example.org Team bob@example.org")

    @Argument(help: "The owner's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @Argument(help: "An account's address, or anyone.") var who: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.setAccess(of: account, mailbox, for: who, .replace(.none))
            return try await AccessChangeFacts(account, mailbox, who, administration)
        }
        try options.output.show(facts) { "\($0.identifier) has no line in the list of \($0.mailbox) of \($0.account)." }
    }
}
