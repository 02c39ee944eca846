// `martlet mailbox`: the mailboxes of an account.

internal import ArgumentParser

struct MailboxCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mailbox", abstract: "The mailboxes (folders) of an account.",
        discussion: "Levels of a mailbox's name are separated by \"/\", as in Lists/Swift.",
        subcommands: [
            MailboxList.self, MailboxCreate.self, MailboxRename.self, MailboxRemove.self, MailboxUndelete.self,
            MailboxStatus.self,
        ])
}

/// What a command that changed a mailbox says.
struct MailboxFacts: Codable {
    let account: String
    let mailbox: String
    var formerMailbox: String?
}
