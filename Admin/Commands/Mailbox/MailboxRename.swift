// `martlet mailbox rename`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Rename a mailbox; the mailboxes below it come along.",
        discussion: """
            INBOX itself stays: renaming it moves its messages to a new mailbox.

            Example:
              martlet mailbox rename alice@example.org Lists/Swift Archive/Swift
            """)

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @Argument(help: "Its new name.", transform: Typed.mailbox) var newName: MailboxName
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            try await mail.renameMailbox(mailbox, to: newName)
            return MailboxFacts(
                account: record.address.description, mailbox: newName.text, formerMailbox: mailbox.text)
        }
        try options.output.show(facts) { "Mailbox \($0.formerMailbox ?? "") of \($0.account) is now \($0.mailbox)." }
    }
}
