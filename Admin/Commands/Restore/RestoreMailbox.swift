// `martlet restore mailbox`

internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct RestoreMailbox: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailbox", abstract: "Restore one mailbox of an account, while the server runs.",
        discussion: """
            A mailbox that is gone for good gets its name, its UIDVALIDITY and the UIDs of its messages again, so that \
            mail programs still know it. Where there is a mailbox of that name, or a removed one that could come \
            back with these numbers, the backup's is put beside it as a new one, NAME (restored), or under the name \
            that --as gives. It is subscribed; its annotations come with it, its special use if no other mailbox has \
            that now, and the rights that others had on it with --with-rights. Mailboxes below it are restored one by \
            one. A mailbox NAME (being restored) is what an interrupted command leaves: remove it.

            For what was removed in the last days "martlet mailbox undelete" is the better way: it loses nothing that \
            came after the backup.

            Examples:
              martlet restore mailbox /backup/mail alice@example.org Lists/Swift
              martlet restore mailbox /backup/mail alice@example.org INBOX --as "INBOX of January"
            """)

    @OptionGroup var from: BackupOptions
    @Argument(help: "The account's address at that time.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @Option(
        name: .customLong("as"), help: ArgumentHelp("What it is to be called.", valueName: "mailbox"),
        transform: Typed.mailbox)
    var newName: MailboxName?
    @Option(help: ArgumentHelp("Into this account, if it is another now.", valueName: "address"))
    var into: String?
    @Flag(help: "Give others the rights on it again that they had.") var withRights = false
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let account: String
        let mailbox: String
        let messages: Int
        /// UIDVALIDITY and UIDs are those of the backup.
        let keepsUIDs: Bool
        /// How many others have rights on it by that.
        let sharedWith: Int
    }

    func run() async throws {
        let backup = try from.backup
        let facts = try await StoreAccess.account(into ?? account, data) { record, mail, store in
            try await AccountSource.with(account, in: backup, store) { source in
                // The numbers of another account's mailbox mean nothing in this one.
                let name = source.id == record.id ? newName : newName ?? mailbox
                let restored = try await source.withMail(store) { copy in
                    try await store.restoreMailbox(
                        mailbox, of: copy, to: mail, as: name, secondsSinceBackup: backup.age, withRights: withRights)
                }
                try await store.directory.audit(
                    "restore.mailbox", subject: record.address.description, detail: restored.name.text,
                    by: StoreAccess.actor())
                return Facts(
                    account: record.address.description, mailbox: restored.name.text, messages: restored.messages,
                    keepsUIDs: restored.keepsUIDs, sharedWith: restored.grantees.count)
            }
        }
        try options.output.show(facts) { facts in
            let numbers = facts.keepsUIDs ? "with its UIDs" : "as a new mailbox, with new UIDs"
            return "Mailbox \(facts.mailbox) of \(facts.account) restored \(numbers): "
                + "\(Output.count(facts.messages, "message"))."
                + (facts.sharedWith == 0 ? "" : " Others who have rights on it again: \(facts.sharedWith).")
        }
    }
}
