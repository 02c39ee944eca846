// The server's command line: martletd --data DIR.

import Accounts
import ArgumentParser
import Foundation

/// The server.
@main struct Martletd: AsyncParsableCommand {
    static let version = "0.1"

    static let configuration = CommandConfiguration(
        commandName: "martletd",
        abstract: "Martlet's mail server: IMAP for mail clients, LMTP for the mail transfer agent.",
        discussion: """
            Reads DIR/martlet.yaml. A flag goes before an environment variable (MARTLET_IMAP …), that before the file.
            "martlet config show" lists every key.

            SIGTERM ends the server once its sessions have taken leave; SIGHUP reads the certificate and the
            configuration again.
            """,
        version: "martletd \(version)")

    @Option(help: ArgumentHelp("The data directory; \"martlet init\" makes one. Or MARTLET_DATA.", valueName: "dir"))
    var data: String?

    @Option(
        name: .customLong("imap"), parsing: .singleValue,
        help: ArgumentHelp("Where IMAP with STARTTLS listens, or none. May be repeated.", valueName: "addr:port"))
    var imap: [String] = []

    @Option(
        name: .customLong("imaps"), parsing: .singleValue,
        help: ArgumentHelp("Where IMAP over TLS listens, or none. May be repeated.", valueName: "addr:port"))
    var imaps: [String] = []

    @Option(
        name: .customLong("lmtp"), parsing: .singleValue,
        help: ArgumentHelp(
            "Where LMTP listens, or none. May be repeated.", valueName: "addr:port|unix:path"))
    var lmtp: [String] = []

    @Option(help: ArgumentHelp("Whether clients may log in without TLS.", valueName: "never|loopback"))
    var plaintextLogin: String?

    @Option(help: ArgumentHelp("The least important log lines that are written.", valueName: "level"))
    var logLevel: String?

    @Option(help: ArgumentHelp("How log lines are written.", valueName: "logfmt|json"))
    var logFormat: String?

    /// What the command line says, by configuration key.
    var flags: [String: [String]] {
        var flags = ["imap": imap, "imaps": imaps, "lmtp": lmtp]
        flags["plaintext-login"] = plaintextLogin.map { [$0] }
        flags["log.level"] = logLevel.map { [$0] }
        flags["log.format"] = logFormat.map { [$0] }
        return flags
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let given = data ?? environment["MARTLET_DATA"], !given.isEmpty else {
            throw ValidationError("say where the data directory is: --data DIR or MARTLET_DATA")
        }
        let source = ConfigurationSource(
            dataDirectory: Self.absolute(given), flags: flags, environment: environment)
        do {
            let loaded = try await source.load()
            try await Server(source: source, configuration: loaded.configuration).run()
        } catch let problems as ConfigurationProblems {
            Self.say(problems.problems.map(\.description))
            let isUsage = problems.problems.contains { if case .flag = $0.place { true } else { false } }
            throw isUsage ? ExitCode.validationFailure : ExitCode.failure
        } catch let error as StartupError {
            Self.say([error.description])
            throw ExitCode.failure
        }
    }

    private static func absolute(_ path: String) -> String {
        let path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    private static func say(_ lines: [String]) {
        let text = lines.map { "martletd: \($0)\n" }.joined()
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}

/// Where this process's configuration comes from, at start and at every SIGHUP.
struct ConfigurationSource: Sendable {
    let dataDirectory: String
    let flags: [String: [String]]
    let environment: [String: String]

    func load() async throws -> LoadedConfiguration {
        try await ServerConfiguration.load(dataDirectory: dataDirectory, flags: flags, environment: environment)
    }
}

/// Why the server does not start: one line, with what to do.
struct StartupError: Error, CustomStringConvertible {
    let description: String
}
