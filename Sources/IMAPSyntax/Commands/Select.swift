// SELECT and EXAMINE.

/// RFC 3501 §6.3.1, §6.3.2.
package struct Select: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 3501 §9: select = "SELECT" SP mailbox; examine = "EXAMINE" SP mailbox
    mutating func select() throws(SyntaxError) -> Select {
        try space()
        return Select(mailbox: try mailbox())
    }
}
