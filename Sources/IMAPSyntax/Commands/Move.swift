// MOVE and UID MOVE.

/// RFC 6851 §3.1.
package struct Move: Hashable, Sendable {
    package var messages: MessageSelection
    package var mailbox: MailboxArgument

    package init(messages: MessageSelection, mailbox: MailboxArgument) {
        self.messages = messages
        self.mailbox = mailbox
    }
}

extension Lexer {
    // RFC 6851 §5: move = "MOVE" SP sequence-set SP mailbox
    mutating func move(_ numbering: MessageNumbering) throws(SyntaxError) -> Move {
        try space()
        let messages = try messageSelection(numbering)
        try space()
        return Move(messages: messages, mailbox: try mailbox())
    }
}
