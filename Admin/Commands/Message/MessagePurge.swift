// `martlet message purge`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct MessagePurge: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "purge", abstract: "Give up expunged messages for good, and use their space again.",
        discussion: """
            The server does this daily with what was expunged longer ago than retention-days of the configuration, and \
            so does this command when it is told nothing else. With --older-than or --all it takes what could still be \
            brought back, and asks before it does so, unless --yes says that you mean it. Mailboxes that were deleted \
            as long ago are forgotten too. The account's file does not shrink; new mail fills the space.

            Examples:
              martlet message purge alice@example.org
              martlet message purge alice@example.org --older-than 2d --mailbox Junk
              martlet message purge alice@example.org --all --yes
            """)

    @Argument(help: "The account's address.") var account: String
    @Option(
        help: ArgumentHelp("Only what was in this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var mailbox: MailboxName?
    @Option(
        help: ArgumentHelp("What was expunged so long ago: 7d, 12h.", valueName: "span"),
        transform: MessagePurge.span)
    var olderThan: Int64?
    @Flag(help: "Everything that was expunged.") var all = false
    @Flag(help: "Do not ask.") var yes = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let account: String
        let messages: Int
        let bytes: Int64
        let mailboxes: Int
    }

    func validate() throws {
        if all, olderThan != nil { throw ValidationError("Say --older-than or --all, not both.") }
    }

    func run() async throws {
        let before = try await end()
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            if let mailbox { try await mail.requireKnown(mailbox) }
            if !yes, all || olderThan != nil { try await confirm(record.address, mail, before) }
            let purged = try await mail.purge(expungedBefore: before, from: mailbox)
            return Facts(
                account: record.address.description, messages: purged.messages, bytes: purged.bytes,
                mailboxes: purged.mailboxes)
        }
        try options.output.show(facts) { facts in
            "\(Output.count(facts.messages, "message")) of \(facts.account) purged, \(ByteCount(facts.bytes).text)"
                + (facts.mailboxes > 0 ? ", and \(Output.count(facts.mailboxes, "deleted mailbox")) forgotten." : ".")
        }
    }

    /// Before which moment a message must have been expunged.
    private func end() async throws -> Int64 {
        if all { return .max }
        if let olderThan { return TimeArgument.now - olderThan }
        let days = try await ConfigCommand.load(data, file: nil).configuration.retentionDays
        return TimeArgument.now - Int64(days) * 86_400
    }

    private func confirm(_ address: EmailAddress, _ mail: AccountStore, _ before: Int64) async throws {
        var choice = ExpungedChoice()
        choice.mailbox = mailbox
        choice.before = before
        let count = try await mail.expungedMessages(choice).count
        guard count > 0 else { return }
        try Prompt.confirm(
            "Give up \(Output.count(count, "expunged message")) of \(address) that can still be brought back?")
    }

    private static func span(_ text: String) throws -> Int64 {
        guard let span = TimeArgument.span(text) else {
            throw Typed.Mistake(description: "write a span as 7d, 12h or 2w")
        }
        return span
    }
}
