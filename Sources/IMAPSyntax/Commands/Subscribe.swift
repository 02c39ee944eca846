// SUBSCRIBE: a name joins the list that LSUB gives.

/// RFC 3501 §6.3.6.
package struct Subscribe: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 3501 §9: subscribe = "SUBSCRIBE" SP mailbox
    mutating func subscribe() throws(SyntaxError) -> Subscribe {
        try space()
        return Subscribe(mailbox: try mailbox())
    }
}
