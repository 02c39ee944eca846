// `martlet config check`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import MailCrypto

struct ConfigCheck: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check the configuration and the certificate that it names.",
        discussion: """
            Lists every fault with its line; the exit status is 1 when there is one. Changes nothing, so it is safe \
            before a reload.

            Examples:
              martlet config check
              martlet config check --file ./martlet.yaml.new
            """)

    @OptionGroup var file: ConfigFileOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let isRight: Bool
        let certificateNames: [String]
        let certificateExpires: Date
        let certificateFingerprint: String
    }

    func run() async throws {
        let configuration = try await ConfigCommand.load(data, file: file.path).configuration
        let info = try CertificateInfo.load(
            CertificateFiles(certificateChain: configuration.tlsCertificate, privateKey: configuration.tlsKey))
        let expires = Moment.date(info.notAfter)
        guard expires > Date() else {
            throw Failure("the certificate \(configuration.tlsCertificate) expired on \(Moment.text(expires))")
        }
        let facts = Facts(
            isRight: true, certificateNames: info.names, certificateExpires: expires,
            certificateFingerprint: info.fingerprint)
        try options.output.show(facts) { facts in
            """
            The configuration is right.
            \(FactSheet.text([
                ("Certificate", "for \(facts.certificateNames.joined(separator: ", "))"),
                ("Expires", Moment.text(facts.certificateExpires)),
                ("SHA-256", facts.certificateFingerprint),
            ]))
            """
        }
    }
}
