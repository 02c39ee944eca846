// COPY and UID COPY.

/// RFC 3501 §6.4.7.
package struct Copy: Hashable, Sendable {
    package var messages: MessageSelection
    package var mailbox: MailboxArgument

    package init(messages: MessageSelection, mailbox: MailboxArgument) {
        self.messages = messages
        self.mailbox = mailbox
    }
}

extension Lexer {
    // RFC 3501 §9: copy = "COPY" SP sequence-set SP mailbox
    mutating func copy(_ numbering: MessageNumbering) throws(SyntaxError) -> Copy {
        try space()
        let messages = try messageSelection(numbering)
        try space()
        return Copy(messages: messages, mailbox: try mailbox())
    }
}
