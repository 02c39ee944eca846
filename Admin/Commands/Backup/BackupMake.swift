// `martlet backup make`

internal import ArgumentParser
internal import Foundation
internal import MailStore

struct BackupMake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "make", abstract: "Make a backup of everything but the keys.",
        discussion: """
            Makes a directory in DIR, named after the time, with a copy of every database as a plain SQLite file, \
            martlet.yaml, a manifest.json and SHA256SUMS. The server may run: each copy is the file's state at one \
            moment after the start, so all mail that was accepted before is in it. What has not changed since the last \
            backup in DIR is not copied again but linked. Each copy is read back from the disk and checked as \
            "martlet check" does, and the backup gets its name when all of it is safely there: one that was \
            interrupted leaves the earlier ones as they were, and is simply made again.

            The server's keys (keys/ and tls/) are never in it: keep them elsewhere, by "martlet backup keys". Without \
            keys/totp.key every account's TOTP has to be reset after a restore. DIR must belong to the data \
            directory's owner, and on another disk. The exit status is 1 when something is wrong with the data; what \
            could be copied is kept then, and no earlier backup is removed.

            Examples:
              martlet backup /backup/mail
              martlet backup /backup/mail --keep 14
            """)

    @Argument(
        help: ArgumentHelp("Where the backups are, or are to be.", valueName: "dir"), completion: .directory,
        transform: Typed.backupPath)
    var directory: String
    @Option(
        help: ArgumentHelp("Remove the oldest when there are more (default: keep all).", valueName: "number"),
        transform: Typed.generations)
    var keep: Int?
    @Flag(help: "Copy also what has not changed.") var full = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let backup: String
        let accounts: Int
        let messages: Int
        let sizeBytes: Int64
        let files: Int
        let copiedFiles: [String]
        let copiedBytes: Int64
        let removed: [String]
        /// Backups that there are now.
        let backups: Int
        let keysLeftOut: [String]
        let problems: [String]
    }

    func run() async throws {
        let layout = try StoreAccess.layout(data)
        var maker = try BackupMaker(
            data: layout, place: BackupPlace(directory), isFull: full, showsProgress: !options.isJSON)
        let report = try maker.make(keeping: keep)
        let facts = Facts(
            backup: report.backup, accounts: report.manifest?.accounts.count ?? 0,
            messages: report.manifest?.messages ?? 0, sizeBytes: report.manifest?.sizeBytes ?? 0,
            files: report.manifest?.files.count ?? 0, copiedFiles: report.copied, copiedBytes: report.copiedBytes,
            removed: report.removed, backups: report.kept,
            keysLeftOut: (try? KeyBundle.paths(in: layout)) ?? [], problems: report.problems)
        try options.output.show(facts, text: BackupMake.text)
        if !facts.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    static func text(_ facts: Facts) -> String {
        var lines = Output.lines(facts.problems)
        let held = [
            Output.count(facts.accounts, "account"), Output.count(facts.messages, "message"),
            ByteCount(facts.sizeBytes).text,
        ].joined(separator: ", ")
        lines.append("Backup \(facts.backup): \(held).")
        lines.append(
            facts.copiedFiles.isEmpty
                ? "Nothing had changed: all of it is linked to the backup before."
                : "\(facts.copiedFiles.count) of \(Output.count(facts.files, "file")) had changed, "
                    + "\(ByteCount(facts.copiedBytes).text) were copied and read back.")
        if !facts.removed.isEmpty { lines.append("\(Output.count(facts.removed.count, "older backup")) removed.") }
        lines.append("\(facts.backups == 1 ? "It is the only one" : "There are \(facts.backups)") here now.")
        if !facts.keysLeftOut.isEmpty {
            lines.append(
                "NOT in it are \(facts.keysLeftOut.joined(separator: ", ")). Without keys/totp.key no TOTP secret can "
                    + "be opened after a restore; keep them apart with \"martlet backup keys FILE\".")
        }
        if !facts.problems.isEmpty {
            lines.append("\(Output.count(facts.problems.count, "problem")); no earlier backup was removed.")
        }
        return lines.joined(separator: "\n")
    }
}
