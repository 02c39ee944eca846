// `martlet domain list`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct DomainList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the domains, with how many accounts and aliases each has.",
        discussion: "Example:\n  martlet domain list --json")

    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let domain: String
        let accounts: Int
        let aliases: Int
        let created: Date
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let accounts = try await administration.accounts()
            let aliases = try await administration.aliases()
            return try await administration.domains().map { domain in
                Facts(
                    domain: domain.name, accounts: accounts.count { $0.address.domain == domain.name },
                    aliases: aliases.count { $0.name.domain == domain.name }, created: Moment.date(domain.created))
            }
        }
        if facts.isEmpty { options.output.remark("There are no domains yet. Add one: martlet domain add example.org") }
        try options.output.show(facts) { facts in
            guard !facts.isEmpty else { return "" }
            var table = Table([("DOMAIN", .left), ("ACCOUNTS", .right), ("ALIASES", .right), ("CREATED", .left)])
            for fact in facts {
                table.add([fact.domain, "\(fact.accounts)", "\(fact.aliases)", Moment.text(fact.created)])
            }
            return table.text
        }
    }
}
