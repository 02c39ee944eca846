// `martlet ban list`

internal import Accounts
internal import ArgumentParser
internal import Foundation

struct BanList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the bans that hold, newest first.",
        discussion: "Example:\n  martlet ban list")

    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.bans().map(BanFacts.init)
        }
        if facts.isEmpty { options.output.remark("Nobody is banned.") }
        try options.output.show(facts) { facts in
            guard !facts.isEmpty else { return "" }
            var table = Table([
                ("NETWORK", .left), ("SINCE", .left), ("UNTIL", .left), ("BY", .left), ("REASON", .left),
            ])
            for fact in facts {
                table.add([
                    fact.network, Moment.text(fact.created), fact.expires.map(Moment.text) ?? "lifted", fact.by,
                    fact.reason,
                ])
            }
            return table.text
        }
    }
}
