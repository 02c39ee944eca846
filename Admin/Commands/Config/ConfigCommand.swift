// `martlet config`: the server's configuration, seen as martletd will see it.

internal import Accounts
internal import ArgumentParser
internal import Foundation

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The server's configuration: what holds, and whether it is right.",
        subcommands: [ConfigShow.self, ConfigCheck.self])

    /// The configuration as martletd would load it without flags; its faults, one to a line, are a failure.
    static func load(_ data: DataOptions, file: String?) async throws -> LoadedConfiguration {
        let path = file.map { URL(fileURLWithPath: $0).path } ?? "\(data.directory)/martlet.yaml"
        guard file == nil || FileFacts.exists(path) else { throw Failure.notFound("there is no file \(path)") }
        guard file != nil || FileFacts.isDirectory(data.directory) else {
            throw Failure(
                "there is no data directory at \(data.directory); name yours with --data or MARTLET_DATA, or a "
                    + "configuration file with --file")
        }
        do {
            // MARTLET_DATA is the data directory's own variable, not a key's.
            let environment = ProcessInfo.processInfo.environment.filter { $0.key != "MARTLET_DATA" }
            return try await ServerConfiguration.load(
                dataDirectory: data.directory, file: path, environment: environment)
        } catch {
            throw Failure(error.description)
        }
    }
}

/// `--file`.
struct ConfigFileOptions: ParsableArguments {
    @Option(
        name: .customLong("file"),
        help: ArgumentHelp("Another file than martlet.yaml in the data directory.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var path: String?
}
