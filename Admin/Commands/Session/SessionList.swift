// `martlet session list`

internal import Accounts
internal import ArgumentParser
internal import Foundation

struct SessionList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the sessions of the running server, of all accounts or of one.",
        discussion: "Examples:\n  martlet session list\n  martlet session list alice@example.org --json")

    @Argument(help: "Only sessions of this account.") var address: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let id: String
        let address: String
        let protocolName: String
        let ip: String
        /// The TLS version; left out without TLS.
        let tls: String?
        let client: String?
        /// The label of the credential; left out for the main password.
        let credential: String?
        let since: Date

        init(_ session: ControlSession) {
            id = session.id
            address = session.address
            protocolName = session.protocolName
            ip = session.remoteAddress
            tls = session.tls
            client = session.client
            credential = session.credentialLabel.isEmpty ? nil : session.credentialLabel
            since = Moment.date(session.since)
        }

        private enum CodingKeys: String, CodingKey {
            case id, address, ip, tls, client, credential, since
            case protocolName = "protocol"
        }
    }

    func run() async throws {
        let facts = try await SessionCommand.ask(about: address, data) { client, account in
            try await client.sessions(of: account).map(Facts.init)
        }
        if facts.isEmpty { options.output.remark("Nobody is logged in.") }
        try options.output.show(facts, text: SessionList.text)
    }

    static func text(_ facts: [Facts]) -> String {
        guard !facts.isEmpty else { return "" }
        var table = Table([
            ("ID", .left), ("ACCOUNT", .left), ("SINCE", .left), ("PROTOCOL", .left), ("ADDRESS", .left),
            ("TLS", .left), ("WITH", .left), ("CLIENT", .left),
        ])
        for fact in facts {
            table.add([
                fact.id, fact.address, Moment.text(fact.since), fact.protocolName, fact.ip, fact.tls ?? "none",
                fact.credential ?? "main password", fact.client ?? "",
            ])
        }
        return table.text
    }
}
