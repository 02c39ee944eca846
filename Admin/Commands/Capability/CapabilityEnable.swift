// `martlet capability enable`

internal import Accounts
internal import ArgumentParser

struct CapabilityEnable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable", abstract: "Give capabilities to an account's logins: disabled ones, UIDONLY, LITERAL-.",
        discussion: """
            UIDONLY is off for everybody unless it is enabled here: some clients enable it and then use sequence \
            numbers all the same. So is LITERAL-, which takes the place of LITERAL+. It counts from the next login on.

            Examples:
              martlet capability enable alice@example.org NOTIFY
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "Names as CAPABILITY writes them.") var names: [String]
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await CapabilityFacts.switched(names, of: address, to: true, data)
        try options.output.show(facts) { CapabilityFacts.sentences($0, of: address) }
    }
}
