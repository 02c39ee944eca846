// `martlet mailbox list`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an account's mailboxes with what they hold.",
        discussion: "Example:\n  martlet mailbox list alice@example.org")

    @Argument(help: "The account's address.") var account: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { _, mail, _ in
            try await mail.mailboxes().map(MailboxStatusFacts.init)
        }
        try options.output.show(facts) { facts in
            var table = Table([
                ("MAILBOX", .left), ("USE", .left), ("MESSAGES", .right), ("UNSEEN", .right), ("SIZE", .right),
                ("SUBSCRIBED", .left),
            ])
            for fact in facts {
                table.add([
                    fact.mailbox, fact.specialUse ?? "", "\(fact.messages)", "\(fact.unseen)",
                    ByteCount(fact.sizeBytes).text, fact.isSubscribed ? "yes" : "no",
                ])
            }
            return table.text
        }
    }
}

/// What is known of a mailbox.
struct MailboxStatusFacts: Codable {
    let mailbox: String
    let specialUse: String?
    let messages: Int
    let unseen: Int
    let deleted: Int
    let sizeBytes: Int64
    let uidValidity: UInt32
    let uidNext: UInt64
    let highestModSeq: UInt64
    let isSubscribed: Bool

    init(_ info: MailboxInfo) {
        mailbox = info.name.text
        specialUse = info.specialUse?.attribute
        messages = info.messages
        unseen = info.unseen
        deleted = info.deleted
        sizeBytes = info.size
        uidValidity = info.uidValidity.rawValue
        uidNext = info.uidNext
        highestModSeq = info.modSeq.rawValue
        isSubscribed = info.isSubscribed
    }
}
