// `martlet mailbox remove`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove a mailbox and the messages in it.",
        discussion: """
            Asks before it does so when there are messages in it, unless --yes says that you mean it. INBOX cannot be \
            removed, nor a mailbox that others lie below. "martlet mailbox undelete" brings it back for a while.

            Example:
              martlet mailbox remove alice@example.org Lists/Swift
            """)

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            guard let info = try await mail.mailbox(mailbox) else { throw StoreError.mailboxNotFound(mailbox) }
            if !yes, info.messages > 0 {
                try Prompt.confirm(
                    "Remove mailbox \(info.name) of \(record.address) with its "
                        + "\(Output.count(info.messages, "message"))?"
                )
            }
            try await mail.deleteMailbox(mailbox)
            return MailboxFacts(account: record.address.description, mailbox: mailbox.text)
        }
        try options.output.show(facts) { "Mailbox \($0.mailbox) of \($0.account) removed." }
    }
}
