// `martlet certificate-login remove`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct CertificateLoginRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "End a certificate's login, and the sessions that live on it.",
        discussion: """
            The id is the certificate's SHA-256, or its first 8 letters or more, as the list shows it.

            Example:
              martlet certificate-login remove alice@example.org 5f2c09ab77e1d0c4
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "The certificate's id.") var id: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let id: String
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            try await administration.removeCertificateLogin(address, fingerprint: id)
            return Facts(address: account.address.description, id: id)
        }
        try options.output.show(facts) {
            Output.visible("Certificate login \($0.id) of \($0.address) removed.")
        }
    }
}
