// `martlet user list`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct UserList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the accounts.",
        discussion: "Examples:\n  martlet user list\n  martlet user list --domain example.org --json")

    @Option(help: ArgumentHelp("Only accounts of this domain.", valueName: "domain"), transform: Typed.domain)
    var domain: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let name: String
        let status: String
        let usedBytes: Int64
        let quotaBytes: Int64?
        let created: Date
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, store in
            var facts: [Facts] = []
            for account in try await administration.accounts() where domain == nil || account.address.domain == domain {
                let usage = try await store.account(account.id).usage()
                facts.append(
                    Facts(
                        address: account.address.description, name: account.displayName,
                        status: account.status.rawValue, usedBytes: usage.used, quotaBytes: account.quota,
                        created: Moment.date(account.created)))
            }
            return facts
        }
        if facts.isEmpty { options.output.remark("There are no accounts. Add one: martlet user add alice@example.org") }
        try options.output.show(facts, text: UserList.text)
    }

    private static func text(_ facts: [Facts]) -> String {
        guard !facts.isEmpty else { return "" }
        var table = Table([
            ("ADDRESS", .left), ("NAME", .left), ("STATUS", .left), ("USED", .right), ("QUOTA", .right),
            ("CREATED", .left),
        ])
        for fact in facts {
            table.add([
                fact.address, fact.name, fact.status, ByteCount(fact.usedBytes).text, Quota.text(fact.quotaBytes),
                Moment.text(fact.created),
            ])
        }
        return table.text
    }
}
