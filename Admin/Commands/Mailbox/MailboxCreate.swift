// `martlet mailbox create`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Create a mailbox, and the levels above it that are missing.",
        discussion: "Example:\n  martlet mailbox create alice@example.org Lists/Swift")

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The mailbox, such as Lists/Swift.", transform: Typed.mailbox) var mailbox: MailboxName
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            let made = try await mail.createMailbox(mailbox)
            try await mail.subscribe(made.name)
            return MailboxFacts(account: record.address.description, mailbox: made.name.text)
        }
        try options.output.show(facts) { "Mailbox \($0.mailbox) created for \($0.account)." }
    }
}
