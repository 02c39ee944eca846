// `martlet mailbox list`

internal import ArgumentParser
internal import Mail
internal import MailStore

struct MailboxList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an account's mailboxes with what they hold.",
        discussion: """
            Examples:
              martlet mailbox list alice@example.org
              martlet mailbox list alice@example.org --deleted
            """)

    @Argument(help: "The account's address.") var account: String
    @Flag(help: "Those that were removed and can be brought back.") var deleted = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        if deleted { return try await showDeleted() }
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

    private func showDeleted() async throws {
        let facts = try await StoreAccess.account(account, data) { _, mail, _ in
            try await mail.deletedMailboxes().map(DeletedMailboxFacts.init)
        }
        try options.output.show(facts, text: DeletedMailboxFacts.text)
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
