// The server's command line: martletd --data DIR.

import Accounts
import ArgumentParser
import Foundation
import MailStore

/// The server.
struct Martletd: ParsableCommand {
    static let version = "0.1"

    static let configuration = CommandConfiguration(
        commandName: "martletd",
        abstract: "Martlet's mail server: IMAP for mail clients, LMTP for the mail transfer agent.",
        discussion: """
            Reads DIR/martlet.yaml. A flag goes before an environment variable (MARTLET_IMAP …), that before the file.
            "martlet config show" lists every key.

            SIGTERM ends the server once its sessions have taken leave; SIGHUP reads the certificate and the
            configuration again. When it crashes it is started again: by systemd, or else by the process that was
            started, which then only watches the one that serves.
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

    @Option(
        help: ArgumentHelp(
            "Whether a second process starts the server again when it crashes; auto: unless systemd does.",
            valueName: "auto|always|never"))
    var supervise = Supervision.auto

    @Option(
        help: ArgumentHelp(
            "Whether Landlock, where the kernel has it, keeps the server to its data directory.",
            valueName: "auto|never"))
    var sandbox = SandboxChoice.auto

    @Flag(help: "Lets debuggers and core dumps see the server's memory, which holds passwords.")
    var debuggable = false

    /// What the command line says, by configuration key.
    var flags: [String: [String]] {
        var flags = ["imap": imap, "imaps": imaps, "lmtp": lmtp]
        flags["plaintext-login"] = plaintextLogin.map { [$0] }
        flags["log.level"] = logLevel.map { [$0] }
        flags["log.format"] = logFormat.map { [$0] }
        return flags
    }

    /// Where the configuration comes from.
    /// - Throws: `ValidationError` when nobody said where the data directory is.
    func source(environment: [String: String]) throws -> ConfigurationSource {
        guard let given = data ?? environment["MARTLET_DATA"], !given.isEmpty else {
            throw ValidationError("say where the data directory is: --data DIR or MARTLET_DATA")
        }
        return ConfigurationSource(dataDirectory: Self.absolute(given), flags: flags, environment: environment)
    }

    /// Serves until it is told to end.
    /// - Parameters:
    ///   - confinement: what the process has given up by now.
    ///   - log: where lines go, also why it does not start.
    /// - Returns: the process's status.
    static func serve(
        _ source: ConfigurationSource, _ confinement: Confinement, log: FileHandle
    ) async -> ExitCode {
        do {
            let loaded = try await source.load()
            let server = Server(
                source: source, configuration: loaded.configuration, confinement: confinement, log: log)
            try await server.run()
            return .success
        } catch let problems as ConfigurationProblems {
            say(problems.problems.map(\.description), log)
            let isUsage = problems.problems.contains { if case .flag = $0.place { true } else { false } }
            return isUsage ? .validationFailure : .failure
        } catch {
            say(["\(error)"], log)
            return .failure
        }
    }

    private static func absolute(_ path: String) -> String {
        let path = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    static func say(_ lines: [String], _ log: FileHandle) {
        let text = lines.map { "martletd: \($0)\n" }.joined()
        try? log.write(contentsOf: Data(text.utf8))
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

    /// Whether there is a file at all; without one the defaults hold.
    var hasFile: Bool { FileManager.default.fileExists(atPath: DataDirectory(dataDirectory).configuration) }

    /// As it can be read before there is a second thread.
    var early: ServerConfiguration {
        ServerConfiguration.early(dataDirectory: dataDirectory, flags: flags, environment: environment)
    }
}

/// Why the server does not start: one line, with what to do.
struct StartupError: Error, CustomStringConvertible {
    let description: String
}
