// `martlet acl`: who else may use an account's mailboxes.

internal import ArgumentParser

struct ACLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "acl", abstract: "Which other accounts may use an account's mailboxes.",
        discussion: """
            Rights are letters (RFC 4314): l see the mailbox, r read it, s keep \\Seen, w change other flags, i put \
            messages in, k make mailboxes below it, x delete or rename it, t mark messages deleted, e expunge, a \
            change this list, p send mail to it (not used). The owner always has all of them. Others find the mailbox \
            as "Other Users/ADDRESS/MAILBOX". A name with "-" before it takes rights away that other lines give; \
            write it behind "--", as in: martlet acl set alice@example.org Team -- -anyone w
            """,
        subcommands: [ACLShow.self, ACLSet.self, ACLRemove.self])
}

/// One line of an access list.
struct AccessFacts: Codable {
    let identifier: String
    let rights: String
}

/// What a command that changed an access list says.
struct AccessChangeFacts: Codable {
    let account: String
    let mailbox: String
    let identifier: String
    /// What the identifier has now by this line; empty for none.
    let rights: String
}
