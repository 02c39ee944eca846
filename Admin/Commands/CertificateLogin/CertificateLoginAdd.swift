// `martlet certificate-login add`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail

struct CertificateLoginAdd: AsyncParsableCommand {
    /// In bytes; a certificate has a few thousand.
    private static let longestFile = 1 << 20

    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Let a client certificate log an account in.",
        discussion: """
            Whoever has the certificate's private key can log in with SASL EXTERNAL. The certificate itself counts, \
            not who signed it; the login ends when the certificate does. Give the certificate, never its key.

            Examples:
              martlet certificate-login add alice@example.org ./alice.pem
              martlet certificate-login add alice@example.org ./backup.pem --label Backup --scope imap,read-only
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "The certificate in PEM.", completion: .file()) var file: String
    @Option(help: ArgumentHelp("What it is for (default: its subject).", valueName: "text")) var label = ""
    @OptionGroup var limits: CredentialOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let pem = try read()
        let facts = try await StoreAccess.administration(data) { administration, _ in
            CertificateLoginFacts(
                try await administration.addCertificateLogin(
                    address, pem: pem, label: label, scopes: limits.scopes, networks: limits.networks))
        }
        try options.output.show(facts) { facts in
            """
            Certificate login "\(Output.visible(facts.label))" added.
            \(FactSheet.text([
                ("SHA-256", facts.id), ("Good for", CredentialWords.scopes(facts.scopes)),
                ("From", CredentialWords.networks(facts.networks)), ("Expires", facts.expiryWords),
            ]))
            """
        }
    }

    private func read() throws -> String {
        let pieces = try FilePieces(path: file)
        var bytes: [UInt8] = []
        while bytes.count <= Self.longestFile, let piece = try pieces.next() { bytes += piece }
        guard bytes.count <= Self.longestFile else { throw Failure("\(file) is too large for a certificate") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure("\(file) is no certificate in PEM; convert it: openssl x509 -inform DER -in \(file)")
        }
        return text
    }
}
