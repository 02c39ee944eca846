// `martlet search-index status`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct SearchIndexStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how much of each account's mail is indexed.",
        discussion: """
            Copies of a message count once. PURGED are messages that are gone for good and still take room in the \
            index; when they are a quarter of it, the server makes it anew.

            Examples:
              martlet search-index status
              martlet search-index status alice@example.org --json
            """)

    @Argument(help: "The account's address (default: every account).") var account: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, store in
            let records =
                if let account { [try await administration.account(account)] } else {
                    try await store.directory.accounts()
                }
            var facts: [SearchIndexFacts] = []
            for record in records {
                let status = try await store.account(record.id).searchIndexStatus()
                facts.append(
                    SearchIndexFacts(
                        account: record.address.description, messages: status.messages, indexed: status.indexed,
                        purged: status.purged, sizeBytes: status.bytes))
            }
            return facts
        }
        try options.output.show(facts) { facts in
            var table = Table([
                ("ACCOUNT", .left), ("MESSAGES", .right), ("INDEXED", .right), ("PURGED", .right), ("SIZE", .right),
            ])
            for fact in facts {
                table.add([
                    fact.account, "\(fact.messages)", "\(fact.indexed)", "\(fact.purged)",
                    ByteCount(fact.sizeBytes).text,
                ])
            }
            return table.text
        }
    }
}
