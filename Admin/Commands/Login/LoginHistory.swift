// `martlet login history`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct LoginHistory: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List the logins there were: with what, from where, first and last, how often.",
        discussion: """
            Logins that were alike in everything but their time are one line. The newest come first; of an account the \
            last 1,000 lines are kept. A running server writes them down within a few seconds.

            Examples:
              martlet login history alice@example.org
              martlet login history alice@example.org --credential k7q2m
            """)

    @Argument(help: "The account's address (default: every account).") var address: String?
    @Option(help: ArgumentHelp("Only with this app password or certificate, by its id.", valueName: "id"))
    var credential: String?
    @OptionGroup var limit: LimitOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        /// `password`, `app-password`, `certificate`; left out when the credential is gone.
        let kind: String?
        /// The id of an app password or a certificate.
        let credential: String?
        let label: String?
        /// What the log and the audit trail call the credential: `app-password#12`, `app-password #12`.
        let credentialNumber: Int64
        let protocolName: String
        let ip: String
        let client: String?
        /// The TLS version; left out without TLS.
        let tls: String?
        let first: Date
        let last: Date
        let count: Int64

        init(_ entry: LoginHistoryEntry) {
            address = entry.account
            kind = entry.kind?.rawValue
            credential = entry.credential
            label = entry.label.isEmpty ? nil : entry.label
            credentialNumber = entry.use.credentialID.rawValue
            protocolName = entry.use.protocolName
            ip = entry.use.address
            client = entry.use.client
            tls = entry.use.tls
            first = Moment.date(entry.use.first)
            last = Moment.date(entry.use.last)
            count = entry.use.count
        }

        private enum CodingKeys: String, CodingKey {
            case address, kind, credential, credentialNumber, label, ip, client, tls, first, last, count
            case protocolName = "protocol"
        }

        var credentialWords: String {
            guard let kind = kind.flatMap(CredentialKind.init) else { return "#\(credentialNumber), gone" }
            return CredentialWords.name(kind, id: credential, label: label)
        }
    }

    mutating func validate() throws {
        if credential != nil, address == nil { throw ValidationError("--credential needs the account's address.") }
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.loginHistory(address, credential: credential, limit: limit.number)
                .map(Facts.init)
        }
        if facts.isEmpty { options.output.remark("There were no logins.") }
        try options.output.show(facts) { LoginHistory.text($0, isOfOne: address != nil) }
    }

    static func text(_ facts: [Facts], isOfOne: Bool) -> String {
        guard !facts.isEmpty else { return "" }
        let columns: [(String, Table.Alignment)] = [
            ("LAST", .left), ("FIRST", .left), ("COUNT", .right), ("WITH", .left), ("PROTOCOL", .left),
            ("ADDRESS", .left), ("TLS", .left), ("CLIENT", .left),
        ]
        var table = Table((isOfOne ? [] : [("ACCOUNT", .left)]) + columns)
        for fact in facts {
            let cells = [
                Moment.text(fact.last), Moment.text(fact.first), "\(fact.count)", fact.credentialWords,
                fact.protocolName, fact.ip, fact.tls ?? "none", fact.client ?? "",
            ]
            table.add((isOfOne ? [] : [fact.address]) + cells)
        }
        return table.text
    }
}

/// `--limit`.
struct LimitOptions: ParsableArguments {
    @Option(name: .customLong("limit"), help: ArgumentHelp("At most so many lines.", valueName: "number"))
    var number = 100

    mutating func validate() throws {
        guard (1...1_000_000).contains(number) else {
            throw ValidationError("--limit \(number) is not possible; give a number from 1 to 1000000.")
        }
    }
}
