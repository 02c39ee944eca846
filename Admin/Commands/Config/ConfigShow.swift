// `martlet config show`

internal import Accounts
internal import ArgumentParser

struct ConfigShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show every key with its value, and where the value comes from.",
        discussion: """
            A value is that of the environment (MARTLET_IMAP for imap), else that of the file, else the default. Flags \
            of martletd, which come before all three, are not known here.

            Example:
              martlet config show
            """)

    @OptionGroup var file: ConfigFileOptions
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let key: String
        let values: [String]
        let isList: Bool
        /// `default`, `file` or `environment`.
        let source: String
        let place: String
        let needsRestart: Bool
        let explanation: String
    }

    func run() async throws {
        let loaded = try await ConfigCommand.load(data, file: file.path)
        let facts = loaded.entries.map { entry in
            Facts(
                key: entry.key.name, values: entry.values, isList: entry.key.isList,
                source: ConfigShow.source(entry.place), place: entry.place.description,
                needsRestart: entry.key.needsRestart, explanation: entry.key.explanation)
        }
        try options.output.show(facts) { facts in
            var table = Table([("KEY", .left), ("VALUE", .left), ("FROM", .left)])
            for fact in facts {
                let value = fact.values.isEmpty ? "none" : fact.values.joined(separator: ", ")
                table.add([fact.key, value, fact.place])
            }
            return table.text
        }
    }

    private static func source(_ place: ConfigurationProblem.Place) -> String {
        switch place {
        case .file: "file"
        case .environment: "environment"
        case .flag: "flag"
        case .defaults: "default"
        }
    }
}
