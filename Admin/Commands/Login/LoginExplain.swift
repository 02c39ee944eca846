// `martlet login explain`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct LoginExplain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say what would log an account in, from where, and why the last attempts failed.",
        discussion: """
            With --from it answers for a client at that address, bans included. A running server writes failures down \
            within a few seconds.

            Examples:
              martlet login explain alice@example.org
              martlet login explain alice@example.org --from 192.0.2.7
            """)

    @Argument(help: "The account's address.") var address: String
    @Option(
        name: .customLong("from"), help: ArgumentHelp("The address that the client has.", valueName: "ip"),
        transform: Typed.clientAddress)
    var source: String?
    @Option(name: .customLong("failures"), help: ArgumentHelp("At most so many failures.", valueName: "number"))
    var failures = 10
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        struct Way: Codable {
            /// `password`, `totp`, `app-password`, `certificate`.
            let kind: String
            let id: String?
            let label: String?
            let isAccepted: Bool
            let scopes: [String]
            let explanation: String

            init(_ way: LoginExplanation.Way) {
                kind = way.kind.rawValue
                id = way.id
                label = way.label.isEmpty ? nil : way.label
                isAccepted = way.isAccepted
                scopes = CredentialWords.names(way.scopes)
                explanation = way.explanation
            }
        }

        struct Failure: Codable {
            let time: Date
            /// The name as the client gave it.
            let name: String
            let ip: String
            let protocolName: String
            let mechanism: String
            let tls: String?
            /// As in the log.
            let reason: String
            let explanation: String

            init(_ failure: LoginExplanation.Failure) {
                time = Moment.date(failure.record.time)
                name = failure.record.name
                ip = failure.record.address
                protocolName = failure.record.protocolName
                mechanism = failure.record.mechanism
                tls = failure.record.tls
                reason = failure.record.reason
                explanation = failure.explanation
            }

            private enum CodingKeys: String, CodingKey {
                case time, name, ip, mechanism, tls, reason, explanation
                case protocolName = "protocol"
            }
        }

        let address: String
        let status: String
        /// The address that was asked about.
        let from: String?
        /// The ban that holds it.
        let ban: BanFacts?
        let credentials: [Way]
        /// Newest first.
        let failures: [Failure]

        init(_ explanation: LoginExplanation) {
            address = explanation.account
            status = explanation.status.rawValue
            from = explanation.from
            ban = explanation.ban.map(BanFacts.init)
            credentials = explanation.ways.map(Way.init)
            failures = explanation.failures.map(Failure.init)
        }
    }

    mutating func validate() throws {
        guard (0...10_000).contains(failures) else {
            throw ValidationError("--failures \(failures) is not possible; give a number from 0 to 10000.")
        }
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            Facts(try await administration.loginExplanation(address, from: source, failures: failures))
        }
        try options.output.show(facts, text: LoginExplain.text)
    }

    static func text(_ facts: Facts) -> String {
        let ban = facts.ban.map { ban in
            let end = ban.expires.map { "until \(Moment.text($0))" } ?? "until it is lifted"
            return "\(ban.network) \(end): it cannot even connect. martlet ban lift \(ban.network)"
        }
        let sheet = FactSheet.text([
            ("Account", "\(facts.address), \(facts.status)"), ("From", facts.from), ("Banned", ban),
        ])
        var ways = Table([("LOGS IN", .left), ("WITH", .left), ("WHY", .left)])
        for way in facts.credentials { ways.add([way.isAccepted ? "yes" : "no", name(way), way.explanation]) }
        return [sheet, "", ways.text, "", failures(facts.failures)].joined(separator: "\n")
    }

    private static func failures(_ failures: [Facts.Failure]) -> String {
        guard !failures.isEmpty else { return "No failed attempts are known." }
        var table = Table([
            ("FAILED", .left), ("ADDRESS", .left), ("PROTOCOL", .left), ("MECHANISM", .left), ("TLS", .left),
            ("WHY", .left),
        ])
        for failure in failures {
            table.add([
                Moment.text(failure.time), failure.ip, failure.protocolName, failure.mechanism, failure.tls ?? "none",
                failure.explanation,
            ])
        }
        return table.text
    }

    private static func name(_ way: Facts.Way) -> String {
        guard let kind = CredentialKind(rawValue: way.kind) else { return way.kind }
        let name = CredentialWords.name(kind, id: way.id, label: way.label)
        switch kind {
        case .appPassword: return "app password \(name)"
        case .certificate: return "certificate \(name)"
        case .totp: return "TOTP"
        case .password, .recoveryCode: return name
        }
    }
}

extension Typed {
    /// One address, not a network.
    static func clientAddress(_ text: String) throws -> String {
        guard let address = IPAddress(text) else {
            throw Mistake(description: "write one IP address, such as 192.0.2.7 or 2001:db8::7")
        }
        return address.description
    }
}
