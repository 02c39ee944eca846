// `martlet restore message`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct RestoreMessage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "message", abstract: "Restore single messages of an account, while the server runs.",
        discussion: """
            Which ones say --message-id, or --mailbox with --uid (UIDs as of the backup). They come back with their \
            flags and dates, as new messages of the mailbox they were in, which is made again if it is gone. A \
            message of which there is one with the same Message-ID in the account is left out.

            Examples:
              martlet restore message /backup/mail alice@example.org --message-id "<4711@example.net>"
              martlet restore message /backup/mail alice@example.org --mailbox Sent --uid 812 --into INBOX
            """)

    @OptionGroup var from: BackupOptions
    @Argument(help: "The account's address at that time.") var account: String
    @Option(
        help: ArgumentHelp("The message with this Message-ID.", valueName: "id"), transform: Typed.messageID)
    var messageID: String?
    @Option(help: ArgumentHelp("Only what was in this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var mailbox: MailboxName?
    @Option(help: ArgumentHelp("The message with this UID, in --mailbox.", valueName: "number"))
    var uid: UInt32?
    @Option(
        help: ArgumentHelp("Restore into this mailbox.", valueName: "mailbox"), transform: Typed.mailbox)
    var into: MailboxName?
    @Flag(help: "Also messages of which there is a copy.") var withCopies = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    mutating func validate() throws {
        guard messageID != nil || (uid != nil && mailbox != nil) else {
            throw ValidationError("Say which message: --message-id, or --mailbox and --uid.")
        }
        if uid == 0 { throw ValidationError("There is no UID 0.") }
    }

    func run() async throws {
        let backup = try from.backup
        let facts = try await StoreAccess.account(account, data) { record, mail, store in
            try await AccountSource.with(account, in: backup, store) { source in
                try await source.withMail(store) { try await restore(from: $0, record, mail, store, backup) }
            }
        }
        try options.output.show(facts) { $0.lines("restored to", copies: "restores them").joined(separator: "\n") }
    }

    private func restore(
        from copy: AccountStore, _ record: AccountRecord, _ mail: AccountStore, _ store: Store,
        _ backup: BackupPlace.Backup
    ) async throws -> ReturnedMessages {
        var choice = BackupChoice()
        choice.messageID = messageID
        choice.mailbox = mailbox
        choice.uid = uid.flatMap { UID($0) }
        let found = try await copy.messages(choice)
        guard !found.isEmpty else { throw Failure.notFound("\(backup.path) has no such message of \(record.address)") }
        var wanted: [BackupMessage] = []
        for message in found {
            if !withCopies, let id = message.messageID, try await mail.hasMessage(id) { continue }
            wanted.append(message)
        }
        let outcome = try await store.restoreMessages(wanted, of: copy, to: mail, into: into)
        if !wanted.isEmpty {
            try await store.directory.audit(
                "restore.message", subject: record.address.description, detail: "\(wanted.count)",
                by: StoreAccess.actor())
        }
        return ReturnedMessages(outcome, copies: found.count - wanted.count, of: record)
    }
}
