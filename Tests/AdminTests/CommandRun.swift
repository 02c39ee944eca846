// The built `martlet`, run as people run it: its status, what it says, and on which of its two outputs.

import Foundation
import Testing

/// A data directory with the account alice@example.org, made and used by the program itself.
struct CommandPlace: Sendable {
    let directory: String
    var data: String { "\(directory)/mail" }

    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String

        /// The facts of `--json`.
        func facts<Facts: Decodable>(_ type: Facts.Type) throws -> Facts {
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            return try decoder.decode(type, from: Data(output.utf8))
        }
    }

    static func with<Result>(_ work: (CommandPlace) async throws -> Result) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.path + "/martlet-command-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let place = CommandPlace(directory: directory)
        try await place.done("init", "--hostname", "mail.example.org")
        try await place.done("domain", "add", "example.org")
        try await place.done("user", "add", "alice@example.org")
        return try await work(place)
    }

    /// Runs `martlet` with these arguments in the place's directory.
    func run(_ arguments: [String]) async throws -> Outcome {
        let (output, errors) = ("\(directory)/\(UUID().uuidString).out", "\(directory)/\(UUID().uuidString).err")
        for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
        defer { for file in [output, errors] { try? FileManager.default.removeItem(atPath: file) } }
        let process = Process()
        process.executableURL = try Self.program()
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: directory)
        process.environment = ["MARTLET_DATA": data, "PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        let ended = AsyncStream<Int32> { continuation in
            process.terminationHandler = {
                continuation.yield($0.terminationStatus)
                continuation.finish()
            }
        }
        try process.run()
        var status: Int32?
        for await value in ended { status = value }
        return Outcome(
            status: try #require(status), output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }

    /// Runs what must succeed.
    @discardableResult
    func done(_ arguments: String..., location: SourceLocation = #_sourceLocation) async throws -> Outcome {
        let outcome = try await run(arguments)
        #expect(outcome.status == 0, "\(arguments): \(outcome.errors)", sourceLocation: location)
        return outcome
    }

    /// How many changes the audit trail knows.
    func changes() async throws -> Int {
        struct Line: Decodable { let id: Int }
        return try await done("audit", "--limit", "100000", "--json").facts([Line].self).count
    }

    /// Beside the test's own program.
    private static func program() throws -> URL {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("martlet")
    }
}
