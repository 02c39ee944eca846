// `martlet check`

internal import ArgumentParser
internal import MailStore

struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check that the stored data is whole; list what is wrong.",
        discussion: """
            Reads everything: the directory and every account, their counts, numbers, references and SQLite's own \
            check. Changes nothing. The exit status is 1 when anything is wrong.

            Example:
              martlet check
            """)

    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let isClean: Bool
        let accounts: Int
        let mailboxes: Int
        let messages: Int
        let problems: [String]
    }

    func run() async throws {
        let report = try await StoreAccess.with(data) { try await $0.checkIntegrity() }
        let facts = Facts(
            isClean: report.isClean, accounts: report.accounts, mailboxes: report.mailboxes,
            messages: report.messages, problems: report.problems)
        try options.output.show(facts) { facts in
            let held = [(facts.accounts, "account"), (facts.mailboxes, "mailbox"), (facts.messages, "message")]
                .map(Output.count).joined(separator: ", ")
            let problems = facts.problems.map { "- \(Output.visible($0))\n" }.joined()
            return facts.isClean
                ? "\(held): all is well." : "\(problems)\(held): \(Output.count(facts.problems.count, "problem"))."
        }
        if !report.isClean { throw ExitCode(ExitStatus.failed.rawValue) }
    }
}
