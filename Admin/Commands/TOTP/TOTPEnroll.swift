// `martlet totp enroll`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct TOTPEnroll: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll", abstract: "Offer TOTP to an account: show the QR code for its authenticator app.",
        discussion: """
            Shows a QR code in the terminal, the same as a link and the secret for typing, all this once. TOTP is on \
            only after a code was confirmed (martlet totp confirm); to enroll again before that makes a new secret. \
            With TOTP on, mail programs need app passwords: the main password no longer opens the mail.

            Examples:
              martlet totp enroll alice@example.org
              martlet totp enroll alice@example.org --png ./alice-totp.png
            """)

    @Argument(help: "The account's address.") var address: String
    @Option(
        name: .customLong("png"),
        help: ArgumentHelp("Write the QR code to this new file instead of the terminal.", valueName: "file"),
        completion: .file(extensions: ["png"]), transform: Typed.newFile)
    var picture: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        /// `otpauth://…`
        let uri: String
        /// The secret alone, in base 32.
        let secret: String
        /// The file that holds the QR code.
        let png: String?
    }

    func run() async throws {
        let facts = try await SecretFile.with(picture) { file in
            try await StoreAccess.administration(data) { administration, _ in
                let account = try await administration.account(address)
                let enrolment = try await administration.enrolTOTP(address)
                try file?.write(try QRPicture.png(enrolment.uri))
                return Facts(
                    address: account.address.description, uri: enrolment.uri,
                    secret: enrolment.secret.filter { $0 != " " },
                    png: file?.path)
            }
        }
        try options.output.show(facts, text: TOTPEnroll.text)
    }

    private static func text(_ facts: Facts) throws -> String {
        let picture = facts.png == nil ? try QRPicture.terminalText(facts.uri) + "\n" : ""
        let sheet = FactSheet.text([
            ("Link", facts.uri), ("Secret", grouped(facts.secret)), ("QR code", facts.png),
        ])
        return """
            \(picture)\(sheet)
            This is shown only now. TOTP is not on yet: scan the QR code with the authenticator app, or type the \
            secret into it, then
            martlet totp confirm \(facts.address) CODE
            """
    }

    /// In groups of four, for typing.
    private static func grouped(_ secret: String) -> String {
        var rest = Substring(secret)
        var groups: [Substring] = []
        while !rest.isEmpty {
            groups.append(rest.prefix(4))
            rest = rest.dropFirst(4)
        }
        return groups.joined(separator: " ")
    }
}
