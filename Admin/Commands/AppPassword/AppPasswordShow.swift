// `martlet app-password show`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail

struct AppPasswordShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an app password: what it is good for, and its last use. Not its text.",
        discussion: "Example:\n  martlet app-password show alice@example.org k7q2m")

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "The app password's id, its first five letters.") var id: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            AppPasswordFacts(try await administration.appPassword(address, id: id))
        }
        try options.output.show(facts, text: AppPasswordShow.text)
    }

    static func text(_ facts: AppPasswordFacts) -> String {
        FactSheet.text([
            ("Id", facts.id), ("Label", facts.label), ("Good for", CredentialWords.scopes(facts.scopes)),
            ("From", CredentialWords.networks(facts.networks)), ("Created", Moment.text(facts.created)),
            ("Expires", facts.expiryWords), ("Uses", "\(facts.useCount)"),
            ("Last used", facts.lastUsed.map(Moment.text) ?? "never"),
            ("Last protocol", facts.lastLogin?.protocolName), ("Last address", facts.lastLogin?.ip),
            ("Last client", facts.lastLogin?.client), ("Last TLS", facts.lastLogin.map { $0.tls ?? "none" }),
        ])
    }
}
