// Messages that have come back to an account, from a backup or from what was expunged: what a command says of them

internal import Mail
internal import MailStore

/// The JSON of `message undelete` and of `restore message`.
struct ReturnedMessages: Codable {
    struct Mailbox: Codable {
        let mailbox: String
        let messages: Int
    }
    let account: String
    /// Those into which messages have come.
    let mailboxes: [Mailbox]
    let messages: Int
    /// Left out because there is one with the same Message-ID.
    let copies: Int

    init(_ outcome: UndeleteOutcome, copies: Int, of record: AccountRecord) {
        account = record.address.description
        mailboxes = outcome.mailboxes.map { Mailbox(mailbox: $0.name.text, messages: $0.count) }
        messages = outcome.messages
        self.copies = copies
    }

    /// The lines that a person reads: "3 messages back in INBOX."
    /// - Parameters:
    ///   - coming: What leads to a mailbox: "back in", "restored to".
    ///   - phrase: What `--with-copies` does with them: "brings them back", "restores them".
    func lines(_ coming: String, copies phrase: String) -> [String] {
        var lines = mailboxes.map { "\(Output.count($0.messages, "message")) \(coming) \($0.mailbox)." }
        if copies > 0 {
            lines.append(
                "\(Output.count(copies, "message")) left out, of which there is a copy in the account "
                    + "(--with-copies \(phrase) too).")
        }
        return lines
    }
}
