// `martlet restore account`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct RestoreAccount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "Restore all mail of one account, while the server does not run.",
        discussion: """
            Stop the server first; nothing but this account is touched. Of an account that was removed everything \
            comes back: its address, its credentials as they were, its mail. Of one that is there, --replace puts the \
            backup's mail in the place of all that it has now, which is gone then; passwords and app passwords stay \
            as they are now. Who was given rights on its mailboxes at the time has them again. UIDVALIDITY and UIDs \
            are those of the backup, and no number that was given out since is given out again.

            To get back a mailbox or a message beside what there is, and while the server runs, use "martlet restore \
            mailbox" and "martlet restore message".

            Examples:
              martlet restore account /backup/mail alice@example.org
              martlet restore account /backup/mail/2027-01-31T03-00-00Z alice@example.org --replace
            """)

    @OptionGroup var from: BackupOptions
    @Argument(help: "The account's address at that time.") var account: String
    @Flag(help: "In place of the mail that the account has now.") var replace = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let account: String
        let backup: String
        let begun: Date
        let messages: Int
        /// The account had been removed.
        let wasGone: Bool
        /// Aliases that led to it then and do not now.
        let lostAliases: [String]
        let problems: [String]
    }

    func run() async throws {
        let backup = try from.backup
        let facts = try await StoreAccess.with(data, exclusive: true) { store in
            try await AccountSource.with(account, in: backup, store) { try await restore($0, store) }
        }
        try options.output.show(facts, text: RestoreAccount.text)
        if !facts.problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private func restore(_ source: AccountSource, _ store: Store) async throws -> Facts {
        let now = try await store.directory.account(address: source.stored.address)
        guard now == nil || replace else {
            throw Failure(
                "\(source.stored.address) has mail here; --replace puts the backup's in its place. Nothing was changed."
            )
        }
        let id = now?.id ?? source.id
        if now == nil, let holder = try await store.directory.account(id) {
            throw Failure(
                "account #\(id) of the backup is \(holder.address) now; make \(source.stored.address) with "
                    + "\"martlet user add\", and restore its mail with --replace")
        }
        let report = try await store.replaceAccountFile(
            id, by: source.path, secondsSinceBackup: source.backup.age
        ) { () async throws(StoreError) in
            if now == nil { try await store.directory.restore(source.stored, by: StoreAccess.actor()) }
        }
        try await store.directory.audit(
            "restore", subject: source.stored.address.description, detail: source.backup.name, by: StoreAccess.actor())
        let aliases = try await store.directory.aliases().map(\.name.text)
        return Facts(
            account: source.stored.address.description, backup: source.backup.path,
            begun: source.backup.manifest.begun, messages: report.messages, wasGone: now == nil,
            lostAliases: source.stored.aliases.filter { !aliases.contains($0) }, problems: report.problems)
    }

    static func text(_ facts: Facts) -> String {
        var lines = Output.lines(facts.problems)
        lines.append(
            "\(facts.account) has the mail of \(Moment.text(facts.begun)) again: "
                + "\(Output.count(facts.messages, "message")).")
        lines.append(
            facts.wasGone
                ? "The account is back with the credentials of then: what was revoked since is valid again."
                : "Its passwords and app passwords are as they were now.")
        if !facts.lostAliases.isEmpty {
            lines.append("These aliases led to it, and are not restored: \(facts.lostAliases.joined(separator: ", ")).")
        }
        return lines.joined(separator: "\n")
    }
}
