// `martlet search-index rebuild`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct SearchIndexRebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make an account's search index anew.",
        discussion: """
            For an index that "martlet check" finds damaged, or to be rid of what purged messages left in it. The \
            server may run: searches read the messages that are not indexed yet. Interrupted, the server goes on with \
            it by itself.

            Example:
              martlet search-index rebuild alice@example.org
            """)

    @Argument(help: "The account's address.") var account: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, _ in
            // The messages' bytes are taken to be spread evenly over them.
            let (messages, bytes) = (try await mail.searchIndexStatus().messages, try await mail.usage().used)
            let average = bytes / Int64(max(1, messages))
            var bar = ProgressBar(total: bytes, isShown: !options.isJSON)
            defer { bar.finish() }
            try await mail.rebuildSearchIndex { bar.update(done: Int64($0) * average, messages: $0) }
            let status = try await mail.searchIndexStatus()
            return SearchIndexFacts(
                account: record.address.description, messages: status.messages, indexed: status.indexed,
                purged: status.purged, sizeBytes: status.bytes)
        }
        try options.output.show(facts) { facts in
            "\(Output.count(facts.indexed, "message")) indexed, \(ByteCount(facts.sizeBytes).text)."
        }
    }
}
