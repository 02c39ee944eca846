// `martlet app-password create`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct AppPasswordCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make an app password for one mail program and show it once.",
        discussion: """
            The login name is the account's address. Upper and lower case, spaces and dashes do not matter when it is \
            typed. --mobileconfig writes a profile that sets up Mail on an iPhone, iPad or Mac, with the password in \
            it: send it to nobody, and delete it once it is installed.

            Examples:
              martlet app-password create alice@example.org --label "Thunderbird at home"
              martlet app-password create alice@example.org --label Backup --scope imap,read-only --from 192.0.2.0/24
              martlet app-password create alice@example.org --label iPhone --expires 1y --mobileconfig ./a.mobileconfig
            """)

    @Argument(help: "The account's address.") var address: String
    @Option(help: ArgumentHelp("What it is for: the program, the device.", valueName: "text")) var label: String
    @OptionGroup var limits: CredentialOptions
    @Option(
        help: ArgumentHelp(
            """
            Its last day (2027-01-31, UTC), a moment (2027-01-31T17:05:00Z), or 30d, 12h, 1y from now (default: never).
            """, valueName: "date"),
        transform: Expiry.init)
    var expires = Expiry.never
    @Flag(name: .customLong("qr"), help: "Show it as a QR code in the terminal too.") var showsPicture = false
    @Option(
        name: .customLong("png"), help: ArgumentHelp("Write it as a QR code to this new file.", valueName: "file"),
        completion: .file(extensions: ["png"]), transform: Typed.newFile)
    var picture: String?
    @Option(
        name: .customLong("mobileconfig"),
        help: ArgumentHelp("Write a profile for Apple's devices to this new file.", valueName: "file"),
        completion: .file(extensions: ["mobileconfig"]), transform: Typed.newFile)
    var profile: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let id: String
        /// The password itself.
        let secret: String
        let label: String
        let scopes: [String]
        let networks: [String]
        let expires: Date?
        let png: String?
        let mobileconfig: String?
    }

    mutating func validate() throws {
        if label.allSatisfy(\.isWhitespace) { throw ValidationError("--label must say what it is for; it is empty.") }
    }

    func run() async throws {
        let facts = try await SecretFile.with(picture) { picture in
            try await SecretFile.with(profile) { profile in
                try await StoreAccess.administration(data) { administration, store in
                    try await create(administration, store, picture: picture, profile: profile)
                }
            }
        }
        try options.output.show(facts, text: text)
    }

    /// Makes it and writes the files; a password that could not be written down is taken back.
    private func create(
        _ administration: AccountAdministration, _ store: Store, picture: SecretFile?, profile: SecretFile?
    ) async throws -> Facts {
        let account = try await administration.account(address)
        let server = profile == nil ? nil : try await ServerAddress.find(data, store)
        let created = try await administration.createAppPassword(
            address, label: label, scopes: limits.scopes, expires: expires.time, networks: limits.networks)
        let info = AppPasswordFacts(created.info)
        do {
            try picture?.write(try QRPicture.png(created.secret))
            if let profile, let server {
                let made = AppleProfile(
                    address: account.address.description, name: account.displayName, host: server.host,
                    port: server.port, password: created.secret, label: info.label, id: info.id,
                    expires: info.expires)
                try profile.write(try made.encoded())
            }
        } catch {
            try await administration.revokeAppPassword(address, id: created.id)
            throw error
        }
        return Facts(
            address: account.address.description, id: info.id, secret: created.secret, label: info.label,
            scopes: info.scopes, networks: info.networks, expires: info.expires, png: picture?.path,
            mobileconfig: profile?.path)
    }

    private func text(_ facts: Facts) throws -> String {
        let picture = showsPicture ? try QRPicture.terminalText(facts.secret) + "\n" : ""
        let sheet = FactSheet.text([
            ("Login name", facts.address), ("Password", facts.secret),
            ("Good for", CredentialWords.scopes(facts.scopes)), ("From", CredentialWords.networks(facts.networks)),
            ("Expires", CredentialWords.expiry(facts.expires)), ("QR code", facts.png),
            ("Profile", facts.mobileconfig),
        ])
        return """
            App password \(facts.id) "\(Output.visible(facts.label))" made. The password is shown only now.
            \(picture)\(sheet)
            """
    }
}

/// When something ends, as it is typed.
struct Expiry {
    static let never = Expiry(time: nil)
    /// Seconds since 1970; nil for never.
    let time: Int64?

    private init(time: Int64?) { self.time = time }
    init(_ text: String) throws { time = try Typed.expiry(text) }
}

/// Where mail programs reach the server.
struct ServerAddress {
    static let standardPort = 993

    let host: String
    let port: Int

    /// The name in the configuration, else that of `init`; the port of the first listener for IMAP over TLS.
    static func find(_ data: DataOptions, _ store: Store) async throws -> ServerAddress {
        let configuration = try await ConfigCommand.load(data, file: nil).configuration
        let ports = configuration.imaps.compactMap { listener -> Int? in
            guard case .tcp(_, let port) = listener, port > 0 else { return nil }
            return port
        }
        let first = try await store.directory.setting("hostname")
        guard let host = configuration.hostname ?? first else {
            throw Failure("the server's name is not known; set hostname in martlet.yaml")
        }
        return ServerAddress(host: host, port: ports.first ?? standardPort)
    }
}
