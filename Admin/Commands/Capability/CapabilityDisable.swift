// `martlet capability disable`

internal import Accounts
internal import ArgumentParser

struct CapabilityDisable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Take capabilities from an account's logins.",
        discussion: """
            A capability that is disabled is not advertised and cannot be enabled; its commands are unknown. What \
            builds upon it goes with it: QRESYNC with CONDSTORE. It counts from the next login on; "martlet session \
            kick" ends those that stand.

            Examples:
              martlet capability disable alice@example.org NOTIFY
              martlet capability disable alice@example.org CONDSTORE QRESYNC
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "Names as CAPABILITY writes them.") var names: [String]
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await CapabilityFacts.switched(names, of: address, to: false, data)
        try options.output.show(facts) { CapabilityFacts.sentences($0, of: address) }
    }
}
