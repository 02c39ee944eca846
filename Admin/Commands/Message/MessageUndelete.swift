// `martlet message undelete`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct MessageUndelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undelete", abstract: "Bring back expunged messages.",
        discussion: """
            An expunged message can be brought back for the time that retention-days of the configuration says (14 \
            days). It comes back with its flags and its date, as a new message of the mailbox it was in; a mailbox \
            that is gone is made again. Messages of which there is a copy in the account, in Trash perhaps, are left \
            where they are. This works while the server runs, and clients see what has come back.

            Examples:
              martlet message undelete alice@example.org --dry-run
              martlet message undelete alice@example.org --mailbox INBOX --since 2d
              martlet message undelete alice@example.org --message-id "<4711@example.net>" --into INBOX
            """)

    @Argument(help: "The account's address.") var account: String
    @OptionGroup var choice: ExpungedOptions
    @Option(
        help: ArgumentHelp("Only the message with this Message-ID.", valueName: "id"), transform: Typed.messageID)
    var messageID: String?
    @Option(
        help: ArgumentHelp("Bring them back into this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var into: MailboxName?
    @Flag(help: "Also messages of which there is a copy.") var withCopies = false
    @Flag(help: "Show them and change nothing.") var dryRun = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    /// A message that could be brought back.
    struct Candidate: Codable {
        let mailbox: String
        let isMailboxDeleted: Bool
        let expunged: Date
        let sizeBytes: Int64
        let messageID: String?
        let hasCopy: Bool

        init(_ message: ExpungedMessage) {
            mailbox = message.mailbox.text
            isMailboxDeleted = message.isMailboxDeleted
            expunged = Moment.date(message.expungedAt)
            sizeBytes = Int64(message.size)
            messageID = message.messageID.map { String(decoding: $0, as: UTF8.self) }
            hasCopy = message.hasCopy
        }
    }

    private var chosen: ExpungedChoice {
        var chosen = choice.choice
        chosen.messageID = messageID
        chosen.withCopies = withCopies
        return chosen
    }

    func run() async throws {
        if dryRun { return try await show() }
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            try await choice.requireMailbox(mail)
            let outcome = try await mail.undelete(chosen, into: into)
            return ReturnedMessages(outcome, copies: outcome.copies, of: record)
        }
        try options.output.show(facts) { facts in
            var lines = facts.lines("back in", copies: "brings them back")
            if facts.messages == 0 { lines.insert("There is nothing to bring back.", at: 0) }
            return lines.joined(separator: "\n")
        }
    }

    private func show() async throws {
        let facts = try await StoreAccess.account(account, data) { _, mail, _ in
            try await choice.requireMailbox(mail)
            return try await mail.expungedMessages(chosen).filter { withCopies || !$0.hasCopy }.map(Candidate.init)
        }
        try options.output.show(facts) { facts in
            var table = Table([("MAILBOX", .left), ("EXPUNGED", .left), ("SIZE", .right), ("MESSAGE-ID", .left)])
            for fact in facts {
                table.add([
                    fact.isMailboxDeleted ? "\(fact.mailbox) (deleted)" : fact.mailbox, Moment.text(fact.expunged),
                    ByteCount(fact.sizeBytes).text, fact.messageID ?? "",
                ])
            }
            return "\(table.text)\n\(Output.count(facts.count, "message")) can be brought back."
        }
    }
}

/// Which expunged messages a command is about.
struct ExpungedOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Only what was in this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var mailbox: MailboxName?
    @Option(
        help: ArgumentHelp("Only what was expunged since then: 2027-01-31, 2d, 12h.", valueName: "time"),
        transform: Typed.since)
    var since: Int64?
    @Option(
        help: ArgumentHelp("Only what was expunged before then.", valueName: "time"), transform: Typed.since)
    var before: Int64?

    /// A slip of the pen must not look as if there were nothing to bring back.
    func requireMailbox(_ mail: AccountStore) async throws {
        if let mailbox { try await mail.requireKnown(mailbox) }
    }

    var choice: ExpungedChoice {
        var choice = ExpungedChoice()
        choice.mailbox = mailbox
        choice.since = since
        choice.before = before
        return choice
    }
}

extension AccountStore {
    /// Refuses a name that no mailbox has, nor one that was removed and can be brought back.
    func requireKnown(_ name: MailboxName) async throws {
        if try await hasMailbox(name) { return }
        guard try await deletedMailboxes().contains(where: { $0.name == name }) else {
            throw Failure.notFound("there is no mailbox \"\(name)\", nor one of that name that was removed and is kept")
        }
    }
}
