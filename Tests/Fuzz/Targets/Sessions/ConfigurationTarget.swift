// martlet.yaml and the environment: any text is a configuration that is understood as a whole, or says what is wrong.
//
// An input is the file; behind a NUL, where there is one, lines of `NAME=value` for the environment.

import Accounts
import Foundation

final class ConfigurationTarget: Sendable {
    private let file: String

    init() {
        file = FileManager.default.temporaryDirectory.path + "/martlet-fuzz-\(UUID().uuidString).yaml"
    }

    deinit { try? FileManager.default.removeItem(atPath: file) }

    func take(_ bytes: [UInt8]) throws {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let text = parts.first ?? []
        try Data(text).write(to: URL(fileURLWithPath: file))
        var environment: [String: String] = [:]
        for line in parts.dropFirst().first?.split(separator: 0x0a) ?? [] {
            let sides = line.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard sides.count == 2 else { continue }
            environment[String(decoding: sides[0], as: UTF8.self)] = String(decoding: sides[1], as: UTF8.self)
        }
        // YAML ends lines in CR too, and in three characters beyond ASCII (YAML 1.1 §5.4).
        let lines = text.count { [0x0a, 0x0d, 0x85, 0xa8, 0xa9].contains($0) } + 1
        let set = environment
        try Waiting.forEnd { [file] in try await ConfigurationTarget.check(file, set, lines: lines) }
    }

    private static let root = "/var/lib/martlet"

    private static func check(_ file: String, _ environment: [String: String], lines: Int) async throws {
        let early = ServerConfiguration.early(
            dataDirectory: root, file: file, flags: [:], environment: environment)
        let loaded: LoadedConfiguration
        do throws(ConfigurationProblems) {
            loaded = try await ServerConfiguration.load(dataDirectory: root, file: file, environment: environment)
        } catch {
            return try check(error, lines: lines)
        }
        try requireEqual(early, loaded.configuration, "the configuration, read early")
        try requireEqual(loaded.entries.map(\.key.name), ConfigurationKey.all.map(\.name), "the entries")
        try await checkShown(loaded)
    }

    private static func check(_ error: ConfigurationProblems, lines: Int) throws {
        try require(!error.problems.isEmpty, "refused without a reason")
        for problem in error.problems {
            try require(!problem.message.isEmpty, "a reason without words")
            if case .file(_, let line) = problem.place {
                try require((0...(lines + 1)).contains(line), "line \(line) of \(lines): \(problem.message)")
            }
        }
    }

    /// What a configuration is shown as is the same configuration.
    private static func checkShown(_ loaded: LoadedConfiguration) async throws {
        var flags: [String: [String]] = [:]
        for key in ConfigurationKey.all where key.name != "hostname" || loaded.configuration.hostname != nil {
            let shown = key.show(loaded.configuration)
            flags[key.name] = shown.isEmpty ? ["none"] : shown
        }
        let again = try await ServerConfiguration.load(
            dataDirectory: root, file: "/nonexistent", flags: flags, environment: [:])
        try requireEqual(again.configuration, loaded.configuration, "what is shown, read again")
    }
}
