// `martlet audit`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import MailStore

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Show who changed which account, credential or setting. Newest first.",
        discussion: """
            Every change has its line, and no command changes or removes one.

            Examples:
              martlet audit --since 7d
              martlet audit alice@example.org --json
            """)

    @Argument(help: "Only changes of this: an account's address, a domain, a network (default: all).")
    var subject: String?
    @Option(
        help: ArgumentHelp("Not before this day (2027-01-31, UTC), this moment, or 7d, 12h ago.", valueName: "date"),
        transform: Typed.since)
    var since: Int64?
    @OptionGroup var limit: LimitOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let id: Int64
        let time: Date
        let by: String
        let action: String
        let subject: String
        let detail: String?

        init(_ record: AuditRecord) {
            id = record.id
            time = Moment.date(record.time)
            by = record.actor
            action = record.action
            subject = record.subject
            detail = record.detail.isEmpty ? nil : record.detail
        }
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.audit(since: since, subject: subject, limit: limit.number).map(Facts.init)
        }
        if facts.isEmpty { options.output.remark("There are no such changes.") }
        try options.output.show(facts, text: AuditCommand.text)
    }

    static func text(_ facts: [Facts]) -> String {
        guard !facts.isEmpty else { return "" }
        var table = Table([("TIME", .left), ("BY", .left), ("ACTION", .left), ("SUBJECT", .left), ("DETAIL", .left)])
        for fact in facts {
            table.add([Moment.text(fact.time), fact.by, fact.action, fact.subject, fact.detail ?? ""])
        }
        return table.text
    }
}
