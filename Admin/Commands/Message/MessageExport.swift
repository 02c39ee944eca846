// `martlet message export`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct MessageExport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Take an account's mail out, as Maildir or mbox.",
        discussion: """
            Writes a new directory: a Maildir with a Maildir++ folder for each mailbox, or with --format mbox one file \
            (mboxrd) for each. With --mailbox it holds that mailbox alone, and for mbox it is that one file. Flags, \
            keywords and dates go along, and "martlet message import" brings all of it back.

            Examples:
              martlet message export alice@example.org ./alice-maildir
              martlet message export alice@example.org ./sent.mbox --format mbox --mailbox Sent
            """)

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The directory or file to write; it must not exist.", completion: .directory)
    var destination: String
    @Option(help: ArgumentHelp("maildir or mbox.", valueName: "format")) var format = ExportFormat.maildir
    @Option(
        help: ArgumentHelp("Only this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var mailbox: MailboxName?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        struct Mailbox: Codable {
            let mailbox: String
            let path: String
            let messages: Int
        }
        let account: String
        let format: String
        let mailboxes: [Mailbox]
        let messages: Int
    }

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            var chosen = try await mail.mailboxes()
            if let mailbox {
                chosen = chosen.filter { $0.name == mailbox }
                guard !chosen.isEmpty else { throw StoreError.mailboxNotFound(mailbox) }
            }
            let mailboxes = try await export(chosen, of: mail)
            return Facts(
                account: record.address.description, format: format.rawValue, mailboxes: mailboxes,
                messages: mailboxes.reduce(0) { $0 + $1.messages })
        }
        try options.output.show(facts) { facts in
            var table = Table([("MAILBOX", .left), ("MESSAGES", .right), ("PATH", .left)])
            for fact in facts.mailboxes { table.add([fact.mailbox, "\(fact.messages)", fact.path]) }
            return "\(table.text)\n\(Output.count(facts.messages, "message")) of \(facts.account) exported."
        }
    }

    private func export(_ chosen: [MailboxInfo], of account: AccountStore) async throws -> [Facts.Mailbox] {
        let root = URL(fileURLWithPath: destination).path
        guard !FileFacts.exists(root) else {
            throw Failure("\(root) exists already; name one that does not, so that nothing is overwritten")
        }
        var bar = ProgressBar(total: chosen.reduce(0) { $0 + $1.size }, isShown: !options.isJSON)
        var exporter = Exporter(account: account)
        var facts: [Facts.Mailbox] = []
        let layout = ExportLayout(root: root, format: format, isSingle: mailbox != nil)
        try layout.prepare()
        for info in chosen {
            let path = try layout.path(of: info.name)
            var writer = try layout.writer(at: path)
            let count = try await exporter.run(info.name, to: &writer, bar: &bar)
            facts.append(Facts.Mailbox(mailbox: info.name.text, path: path, messages: count))
        }
        bar.finish()
        return facts
    }
}

extension ExportFormat: ExpressibleByArgument {}
