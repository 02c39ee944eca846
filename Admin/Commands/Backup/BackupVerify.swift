// `martlet backup verify`

internal import ArgumentParser
internal import Foundation

struct BackupVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check that a backup still is what was written.",
        discussion: """
            Reads every byte of the newest backup in DIR, or of the one that DIR is, compares it with the manifest, \
            and checks what the databases hold as "martlet check" does. Changes nothing, and needs no data directory. \
            The exit status is 1 when anything is wrong. Without Martlet, "sha256sum --check SHA256SUMS" in the \
            backup's directory compares the bytes.

            Examples:
              martlet backup verify /backup/mail
              martlet backup verify /backup/mail/2027-01-31T03-00-00Z
              martlet backup verify /backup/mail --all
            """)

    @Argument(
        help: ArgumentHelp("Where the backups are, or one of them.", valueName: "dir"), completion: .directory,
        transform: Typed.backupPath)
    var directory: String
    @Flag(help: "All of those that are in DIR.") var all = false
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let place = BackupPlace(directory)
        let backups =
            all ? try place.names().map { try BackupPlace.Backup(path: "\(place.path)/\($0)") } : [
                try BackupPlace.find(directory)
            ]
        guard !backups.isEmpty else { throw Failure.notFound("there is no backup in \(place.path)") }
        var bar = ProgressBar(
            total: backups.reduce(0) { $0 + $1.manifest.sizeBytes }, isShown: !options.isJSON)
        var done: Int64 = 0
        let reports = try backups.map { backup in
            try BackupVerifier(backup: backup).run { bytes in
                done += bytes
                bar.update(done: done, messages: nil)
            }
        }
        bar.finish()
        try options.output.show(reports) { reports in
            reports.map { report in
                let problems = Output.lines(report.problems).map { $0 + "\n" }.joined()
                let held = "\(Output.count(report.files, "file")), \(Output.count(report.messages, "message")), "
                    + ByteCount(report.sizeBytes).text
                let verdict = report.isWhole ? "all is well" : Output.count(report.problems.count, "problem")
                return "\(problems)\(report.backup): \(held): \(verdict)."
            }.joined(separator: "\n")
        }
        if !reports.allSatisfy(\.isWhole) { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
