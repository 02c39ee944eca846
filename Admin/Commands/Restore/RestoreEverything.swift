// `martlet restore everything`

internal import ArgumentParser
internal import Foundation
internal import MailStore

struct RestoreEverything: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "everything", abstract: "Make a data directory from a backup.",
        discussion: """
            Makes the data directory (--data), which must not be there yet, or be empty. Every byte is compared with \
            the backup's manifest, files that are not as Martlet makes them are refused, and the whole is checked \
            before it gets its name. A backup of an earlier version is brought up to date by that.

            Mailboxes keep UIDVALIDITY and messages their UIDs, so mail programs go on with what they have. The \
            numbers that the lost server may have given out since the backup are left out: new messages get UIDs far \
            behind. Passwords, app passwords and policies are those of the backup: what was changed or revoked since \
            has to be changed again. The server's keys are not in a backup; --keys names a file that "martlet backup \
            keys" has made. Without one, TOTP has to be reset for every account that has it, and the server gets a \
            certificate signed by itself.

            Examples:
              martlet restore /backup/mail --data /var/lib/martlet --keys ./mail-keys.json
              martlet restore everything /backup/mail/2027-01-31T03-00-00Z --data ./looked-at
            """)

    @OptionGroup var from: BackupOptions
    @Option(
        help: ArgumentHelp("The keys, as \"martlet backup keys\" has written them.", valueName: "file"),
        completion: .file())
    var keys: String?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let dataDirectory: String
        let backup: String
        let begun: Date
        let accounts: Int
        let messages: Int
        let keys: [String]
        let isCertificateNew: Bool
        let problems: [String]
    }

    func run() async throws {
        let backup = try from.backup
        let bundle = try keys.map(KeyBundle.init(readFrom:))
        var bar = ProgressBar(total: backup.manifest.sizeBytes, isShown: !options.isJSON)
        var done: Int64 = 0
        let report = try await WholeRestore(backup: backup, keys: bundle).run(into: data.directory) { bytes in
            done += bytes
            bar.update(done: done, messages: nil)
        }
        bar.finish()
        let facts = Facts(
            dataDirectory: data.directory, backup: backup.path, begun: backup.manifest.begun,
            accounts: report.accounts, messages: report.messages, keys: report.keys,
            isCertificateNew: report.hasOwnCertificate, problems: report.problems)
        try options.output.show(facts, text: RestoreEverything.text)
        if !facts.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    static func text(_ facts: Facts) -> String {
        var lines = Output.lines(facts.problems)
        lines.append(
            "Data directory \(facts.dataDirectory) made from \(facts.backup), as of \(Moment.text(facts.begun)): "
                + "\(Output.count(facts.accounts, "account")), \(Output.count(facts.messages, "message")).")
        lines.append("Passwords and app passwords are those of then: what was revoked since is valid again.")
        if !facts.keys.contains("keys/totp.key") {
            lines.append(
                "There is no keys/totp.key: put it into \(facts.dataDirectory)/keys before the server starts, or reset "
                    + "the TOTP of every account that has it (martlet totp reset ADDRESS).")
        }
        if facts.isCertificateNew {
            lines.append("There was no certificate: tls/ has a new one, signed by itself. Put yours there.")
        }
        if !facts.problems.isEmpty {
            lines.append("\(Output.count(facts.problems.count, "problem")): look at them before the server starts.")
        }
        return lines.joined(separator: "\n")
    }
}
