// `martlet migrate`

internal import ArgumentParser
internal import Foundation
internal import MailStore

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the databases up to date with this version, or try it.",
        discussion: """
            A new version of Martlet brings each file up to date when it first opens it; there is no way back to an \
            older version but a backup. With --dry-run nothing is changed: every file that is not up to date is \
            copied, the copy is brought up to date and checked, and removed again. That may be done while the server \
            of the older version runs. Without it, all files are brought up to date and checked at once, while the \
            server is stopped. The exit status is 1 when something is wrong.

            Examples:
              martlet migrate --dry-run
              martlet migrate
            """)

    @Flag(help: "Try it on copies and change nothing.") var dryRun = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        struct File: Codable {
            let path: String
            /// What it had before.
            let schema: String
            /// What was, or would be, done.
            let scripts: [String]
        }
        let isDryRun: Bool
        let files: [File]
        let problems: [String]
    }

    func run() async throws {
        let layout = try StoreAccess.layout(data)
        let states = try layout.schemas()
        let problems = dryRun ? try await tried(states, layout) : try await migrated(states)
        let facts = Facts(
            isDryRun: dryRun,
            files: states.map { Facts.File(path: $0.path, schema: $0.schema, scripts: $0.pending) },
            problems: problems)
        try options.output.show(facts, text: MigrateCommand.text)
        if !facts.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func tried(_ states: [SchemaState], _ layout: DataDirectory) async throws -> [String] {
        let place = "\(layout.temporary)/migrate"
        let lock = try DirectoryLock(making: place)
        defer {
            try? StagedDirectory.remove(place)
            lock.release()
        }
        try StagedDirectory.empty(place)
        var problems: [String] = []
        for state in states where !state.pending.isEmpty {
            let room = try BackupBytes.room(at: place)
            let size = try FileFacts(path: "\(layout.root)/\(state.path)").size
            guard room > size * 2 else {
                throw Failure(
                    "there is no room to try \(state.path): \(ByteCount(room).text) are free, its copy may need "
                        + ByteCount(size * 2).text)
            }
            problems += try await layout.tryMigration(of: state, in: place)
        }
        return problems
    }

    private func migrated(_ states: [SchemaState]) async throws -> [String] {
        guard states.contains(where: { !$0.pending.isEmpty }) else { return [] }
        return try await StoreAccess.with(data, exclusive: true) { try await $0.checkIntegrity().problems }
    }

    static func text(_ facts: Facts) -> String {
        let late = facts.files.filter { !$0.scripts.isEmpty }
        guard !late.isEmpty else { return "\(Output.count(facts.files.count, "file")): all are up to date." }
        var table = Table([("FILE", .left), ("SCHEMA", .left), ("SCRIPTS", .left)])
        for file in late { table.add([file.path, file.schema, file.scripts.joined(separator: ", ")]) }
        var lines = [table.text] + Output.lines(facts.problems)
        let verdict = facts.problems.isEmpty ? "all is well" : Output.count(facts.problems.count, "problem")
        lines.append(
            facts.isDryRun
                ? "Tried on copies: \(verdict). Nothing was changed." : "They are up to date now: \(verdict).")
        return lines.joined(separator: "\n")
    }
}
