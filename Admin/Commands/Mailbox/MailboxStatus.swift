// `martlet mailbox status`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show all that is known of one mailbox.",
        discussion: "Example:\n  martlet mailbox status alice@example.org INBOX --json")

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { _, mail, _ in
            guard let info = try await mail.mailbox(mailbox) else { throw StoreError.mailboxNotFound(mailbox) }
            return MailboxStatusFacts(info)
        }
        try options.output.show(facts) { facts in
            FactSheet.text([
                ("Mailbox", facts.mailbox), ("Use", facts.specialUse), ("Messages", "\(facts.messages)"),
                ("Unseen", "\(facts.unseen)"), ("Deleted", "\(facts.deleted)"),
                ("Size", ByteCount(facts.sizeBytes).text), ("UIDVALIDITY", "\(facts.uidValidity)"),
                ("UIDNEXT", "\(facts.uidNext)"), ("HIGHESTMODSEQ", "\(facts.highestModSeq)"),
                ("Subscribed", facts.isSubscribed ? "yes" : "no"),
            ])
        }
    }
}
