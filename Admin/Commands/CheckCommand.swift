// `martlet check`

internal import ArgumentParser
internal import MailStore

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the stored data is whole; list what is wrong.",
        discussion: """
            Reads everything: the directory and every account, their counts, numbers, references and SQLite's own \
            check. Changes nothing. The exit status is 1 when anything is wrong.

            With --repair, while the server is stopped, it makes anew what follows from the rest: counts and counters, \
            indices, sort keys, threads, the search index, and what was computed from messages whose bytes are there. \
            Nothing is guessed: what follows from nothing is left as it is and listed, and "martlet restore" brings \
            that message, mailbox or account back from a backup. Make one before.

            A file that has lost changes that were acknowledged (its log is missing, or an older copy was put there) \
            is not opened by the server. Put back what is missing, or restore the account; --repair goes on with what \
            there is, with numbers far ahead of those that were given out.

            Examples:
              martlet check
              martlet check --repair
            """)

    @Flag(help: "Make anew what can be. The server must be stopped.") var repair = false

    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let isClean: Bool
        let accounts: Int
        let mailboxes: Int
        let messages: Int
        let problems: [String]
        /// With --repair: what was wrong and is not any more.
        var repaired: [String]?
    }

    func run() async throws {
        let (report, repaired) = try await StoreAccess.with(data, exclusive: repair, acceptsLoss: repair) { store in
            guard repair else { return (try await store.checkIntegrity(), [String]?.none) }
            let outcome = try await store.repair()
            if !outcome.repaired.isEmpty {
                try await store.directory.audit(
                    "check.repair", subject: "data directory", detail: "\(outcome.repaired.count)",
                    by: StoreAccess.actor())
            }
            return (outcome.after, outcome.repaired)
        }
        let facts = Facts(
            isClean: report.isClean, accounts: report.accounts, mailboxes: report.mailboxes,
            messages: report.messages, problems: report.problems, repaired: repaired)
        try options.output.show(facts) { facts in
            let held = [(facts.accounts, "account"), (facts.mailboxes, "mailbox"), (facts.messages, "message")]
                .map(Output.count).joined(separator: ", ")
            let repaired = (facts.repaired ?? []).map { "Repaired: \(Output.visible($0))\n" }.joined()
            let problems = Output.lines(facts.problems).map { $0 + "\n" }.joined()
            guard !facts.isClean else { return "\(repaired)\(held): all is well." }
            let count = Output.count(facts.problems.count, "problem")
            let advice =
                facts.repaired == nil
                ? "" : "\nWhat is left cannot be worked out from the rest: restore it from a backup (martlet restore)."
            return "\(repaired)\(problems)\(held): \(count).\(advice)"
        }
        if !report.isClean { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
