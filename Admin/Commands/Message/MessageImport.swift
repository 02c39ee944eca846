// `martlet message import`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct MessageImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Bring mail into an account: mbox, Maildir, .eml files, or trees of them.",
        discussion: """
            Folders become mailboxes of the same name; what lies at the source's root goes to --mailbox. Flags, \
            keywords and dates come along: from the names and times of a Maildir's files, from the Status fields and \
            "From " lines of an mbox, from the Date of an .eml file. Maildir++ and mbsync's sub-folders, and the mbox \
            trees of Thunderbird (X.sbd) and Apple Mail (X.mbox), are understood.

            The same command again imports nothing twice, so an interrupted import is simply run once more. \
            A message that was imported and then deleted does not come back.

            Examples:
              martlet message import alice@example.org ~/Maildir
              martlet message import alice@example.org old.mbox --mailbox Archive/2019
              martlet message import alice@example.org ~/Mail --map "Sent Items=Sent" --map "Deleted Items=Trash"
              martlet message import alice@example.org ~/Mail --dry-run
            """)

    @Argument(help: "The account's address.") var account: String
    @Argument(help: "The file or directory.", completion: .file()) var source: String
    @Option(
        help: ArgumentHelp("Where messages at the source's root go.", valueName: "mailbox"), transform: Typed.mailbox)
    var mailbox = MailboxName.inbox
    @Option(
        name: .customLong("map"),
        help: ArgumentHelp(
            "Put folder OLD, and what is below it, into mailbox NEW. Any number of times.", valueName: "OLD=NEW"),
        transform: FolderMap.rule)
    var rules: [FolderMap.Rule] = []
    @Option(help: ArgumentHelp("mbox, maildir or eml, when it is not to be found out.", valueName: "format"))
    var format: SourceFormat?
    @Flag(help: "Only show which folder would go to which mailbox.") var dryRun = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let account: String
        let isDryRun: Bool
        let imported: Int
        let alreadyThere: Int
        let folders: [FolderReport]
        let problems: [ImportProblem]
        let ignoredFiles: [String]
    }

    func run() async throws {
        let facts = try await StoreAccess.account(account, data) { record, mail, store in
            let path = URL(fileURLWithPath: source).path
            let found = try SourceScanner.scan(path, format: format)
            let plan = try plan(found.folders)
            if dryRun {
                let reports = plan.map {
                    FolderReport(
                        folder: $0.folder.shownName, mailbox: $0.mailbox.text, format: $0.folder.format.rawValue)
                }
                return report(record, reports: reports, problems: [], ignored: found.ignored)
            }
            var importer = Importer(store: store, account: mail)
            try await run(plan, &importer)
            return report(record, reports: importer.reports, problems: importer.problems, ignored: found.ignored)
        }
        try options.output.show(facts, text: text)
        if !facts.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    /// Every folder with its mailbox; every name is checked before anything is changed.
    private func plan(_ folders: [SourceFolder]) throws -> [(folder: SourceFolder, mailbox: MailboxName)] {
        let map = FolderMap(rules: rules, root: mailbox)
        let plan = try folders.map { ($0, try map.mailbox(for: $0.levels)) }
        let unused = map.unused(for: folders.map(\.levels))
        guard unused.isEmpty else {
            let names = unused.map { "\"\($0.old.joined(separator: "/"))\"" }.joined(separator: ", ")
            let known = folders.filter { !$0.levels.isEmpty }.map(\.shownName).joined(separator: ", ")
            throw Failure.notFound(
                "--map names \(names), which is not in the source; its folders are: "
                    + "\(known.isEmpty ? "none" : known). Nothing was imported.")
        }
        return plan
    }

    private func run(
        _ plan: [(folder: SourceFolder, mailbox: MailboxName)], _ importer: inout Importer
    ) async throws {
        let total = try plan.reduce(Int64(0)) { try $0 + $1.folder.open().totalBytes() }
        var bar = ProgressBar(total: total, isShown: !options.isJSON)
        do {
            for (folder, mailbox) in plan { try await importer.run(folder, to: mailbox, bar: &bar) }
            bar.finish()
        } catch {
            bar.finish()
            let stored = importer.reports.reduce(0) { $0 + $1.imported }
            guard let failure = Failure(error), stored > 0 else { throw error }
            throw Failure(
                "\(failure.message). \(Output.count(stored, "message")) came in before that and stay; the same command "
                    + "goes on where this one ended.", status: failure.status)
        }
    }

    private func report(
        _ account: AccountRecord, reports: [FolderReport], problems: [ImportProblem], ignored: [String]
    ) -> Facts {
        Facts(
            account: account.address.description, isDryRun: dryRun,
            imported: reports.reduce(0) { $0 + $1.imported },
            alreadyThere: reports.reduce(0) { $0 + $1.alreadyThere }, folders: reports, problems: problems,
            ignoredFiles: ignored)
    }

    private func text(_ facts: Facts) -> String {
        var table = Table([("FOLDER", .left), ("MAILBOX", .left), ("FORMAT", .left)])
        if !dryRun {
            table = Table([
                ("FOLDER", .left), ("MAILBOX", .left), ("FORMAT", .left), ("IMPORTED", .right),
                ("ALREADY THERE", .right),
            ])
        }
        for folder in facts.folders {
            table.add([folder.folder, folder.mailbox, folder.format, "\(folder.imported)", "\(folder.alreadyThere)"])
        }
        var lines = [table.text]
        for file in facts.ignoredFiles.prefix(10) { lines.append("Passed over, no mail: \(Output.visible(file))") }
        let more = facts.ignoredFiles.count - 10
        if more > 0 { lines.append("Passed over, no mail: \(Output.count(more, "more file"))") }
        for problem in facts.problems {
            lines.append("Left out: \(Output.visible(problem.message)): \(Output.visible(problem.reason))")
        }
        lines.append(
            facts.isDryRun
                ? "Nothing was imported: this was a dry run."
                : "\(Output.count(facts.imported, "message")) imported for \(facts.account), "
                    + "\(facts.alreadyThere) were there already"
                    + (facts.problems.isEmpty ? "." : ", \(facts.problems.count) left out."))
        return lines.joined(separator: "\n")
    }
}

extension SourceFormat: ExpressibleByArgument {}

extension SourceFolder {
    /// Its levels with `/` between; `.` for the source's root.
    var shownName: String { levels.isEmpty ? "." : levels.joined(separator: "/") }
}
