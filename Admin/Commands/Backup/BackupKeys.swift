// `martlet backup keys`

internal import ArgumentParser
internal import Foundation

struct BackupKeys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Write the server's keys and certificate to a file, to be kept apart.",
        discussion: """
            Writes what is in keys/ and tls/ of the data directory to a new file (0600), as JSON with each file in \
            base64. It seldom changes: once, and again when the certificate does, is enough. Keep it where the backups \
            are not, in a password manager or on a stick in a drawer: whoever has both can open every TOTP secret. \
            "martlet restore" takes it with --keys.

            Example:
              martlet backup keys ./mail-keys.json
            """)

    @Argument(help: ArgumentHelp("The file to make.", valueName: "file"), transform: Typed.newFile)
    var file: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let file: String
        let keys: [String]
    }

    func run() async throws {
        let layout = try StoreAccess.layout(data)
        let bundle = try KeyBundle(of: layout)
        try await SecretFile.with(file) { target in
            try target?.write(Array((try Output.json(bundle) + "\n").utf8))
            _ = try KeyBundle(readFrom: file)
        }
        try options.output.show(Facts(file: file, keys: bundle.files.map(\.path))) { facts in
            "\(facts.keys.joined(separator: ", ")) written to \(facts.file). Keep it apart from the backups."
        }
    }
}
