// `martlet ban add`

internal import Accounts
internal import ArgumentParser
internal import Foundation

struct BanAdd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Keep a network from connecting.",
        discussion: """
            Without --expires it lasts until it is lifted. A running server refuses new connections from there within \
            a second; sessions that stand are left alone (martlet session kick ends them). This machine itself cannot \
            be banned.

            Examples:
              martlet ban add 203.0.113.7 --expires 7d
              martlet ban add 2001:db8:1::/48 --reason "guesses passwords"
            """)

    @Argument(help: "An address or a network, such as 203.0.113.7 or 2001:db8:1::/48.", transform: Typed.network)
    var network: String
    @Option(
        help: ArgumentHelp("Its last day (2027-01-31, UTC), a moment, or 7d, 12h from now.", valueName: "date"),
        transform: Expiry.init)
    var expires = Expiry.never
    @Option(help: ArgumentHelp("Why, for those who read the list.", valueName: "text")) var reason = ""
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            BanFacts(try await administration.addBan(network, reason: reason, expires: expires.time))
        }
        try options.output.show(facts) { facts in
            "\(facts.network) is banned until \(facts.expires.map(Moment.text) ?? "the ban is lifted")."
        }
    }
}
