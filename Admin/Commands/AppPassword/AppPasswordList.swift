// `martlet app-password list`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail

struct AppPasswordList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List an account's app passwords, with their last use.",
        discussion: "Example:\n  martlet app-password list alice@example.org")

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.appPasswords(address).map(AppPasswordFacts.init)
        }
        if facts.isEmpty {
            options.output.remark(
                "There are no app passwords. Make one: martlet app-password create \(address) --label Laptop")
        }
        try options.output.show(facts, text: AppPasswordList.text)
    }

    static func text(_ facts: [AppPasswordFacts]) -> String {
        guard !facts.isEmpty else { return "" }
        var table = Table([
            ("ID", .left), ("LABEL", .left), ("SCOPES", .left), ("FROM", .left), ("EXPIRES", .left), ("USES", .right),
            ("LAST USED", .left),
        ])
        for fact in facts {
            let place = fact.lastLogin.map { " from \($0.ip)" } ?? ""
            table.add([
                fact.id, fact.label, CredentialWords.scopes(fact.scopes), CredentialWords.networks(fact.networks),
                fact.expiryWords, "\(fact.useCount)", fact.lastUsed.map { Moment.text($0) + place } ?? "never",
            ])
        }
        return table.text
    }
}
