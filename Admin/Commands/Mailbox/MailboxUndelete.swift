// `martlet mailbox undelete`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct MailboxUndelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undelete", abstract: "Bring back a mailbox that was removed, with its messages.",
        discussion: """
            A removed mailbox can be brought back for the time that retention-days of the configuration says (14 \
            days), with the messages that were in it then; "martlet mailbox list --deleted" shows which there are. Of \
            several with one name it is the last; bring it back under another name to get at the one before.

            Examples:
              martlet mailbox undelete alice@example.org Lists/Swift
              martlet mailbox undelete alice@example.org Lists --as "Lists (old)"
            """)

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The mailbox that was removed.", transform: Typed.mailbox) var mailbox: MailboxName
    @Option(
        name: .customLong("as"), help: ArgumentHelp("What it is to be called.", valueName: "mailbox"),
        transform: Typed.mailbox)
    var newName: MailboxName?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let account: String
        let mailbox: String
        let messages: Int
    }

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            let info = try await mail.undeleteMailbox(mailbox, as: newName)
            return Facts(account: record.address.description, mailbox: info.name.text, messages: info.messages)
        }
        try options.output.show(facts) {
            "Mailbox \($0.mailbox) of \($0.account) is back with \(Output.count($0.messages, "message"))."
        }
    }
}

/// A mailbox that can be brought back.
struct DeletedMailboxFacts: Codable {
    let mailbox: String
    let deleted: Date
    let messages: Int
    let sizeBytes: Int64

    init(_ deleted: DeletedMailbox) {
        mailbox = deleted.name.text
        self.deleted = Moment.date(deleted.deletedAt)
        messages = deleted.messages
        sizeBytes = deleted.size
    }

    static func text(_ facts: [DeletedMailboxFacts]) -> String {
        var table = Table([("MAILBOX", .left), ("DELETED", .left), ("MESSAGES", .right), ("SIZE", .right)])
        for fact in facts {
            table.add([fact.mailbox, Moment.text(fact.deleted), "\(fact.messages)", ByteCount(fact.sizeBytes).text])
        }
        return table.text
    }
}
