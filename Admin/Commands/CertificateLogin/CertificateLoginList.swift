// `martlet certificate-login list`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail

struct CertificateLoginList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the client certificates that log an account in.",
        discussion: "Example:\n  martlet certificate-login list alice@example.org")

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.certificateLogins(address).map(CertificateLoginFacts.init)
        }
        if facts.isEmpty {
            options.output.remark(
                "There are no certificate logins. Add one: martlet certificate-login add \(address) FILE")
        }
        try options.output.show(facts) { facts in
            guard !facts.isEmpty else { return "" }
            var table = Table([
                ("ID", .left), ("LABEL", .left), ("SCOPES", .left), ("FROM", .left), ("EXPIRES", .left),
                ("USES", .right), ("LAST USED", .left),
            ])
            for fact in facts {
                table.add([
                    CredentialWords.shortFingerprint(fact.id), fact.label, CredentialWords.scopes(fact.scopes),
                    CredentialWords.networks(fact.networks), fact.expiryWords, "\(fact.useCount)",
                    fact.lastUsed.map(Moment.text) ?? "never",
                ])
            }
            return table.text
        }
    }
}
