// `martlet ban lift`

internal import Accounts
internal import ArgumentParser

struct BanLift: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "End a ban, and forget what was guessed from there.",
        discussion: "Example:\n  martlet ban lift 203.0.113.7")

    @Argument(help: "The network, as martlet ban list shows it.", transform: Typed.network) var network: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable { let network: String }

    func run() async throws {
        try await StoreAccess.administration(data) { administration, _ in
            try await administration.liftBan(network)
        }
        try options.output.show(Facts(network: network)) { "The ban of \($0.network) is lifted." }
    }
}
