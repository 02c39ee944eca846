// UNSUBSCRIBE: a name leaves the list that LSUB gives.

/// RFC 3501 §6.3.7.
package struct Unsubscribe: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 3501 §9: unsubscribe = "UNSUBSCRIBE" SP mailbox
    mutating func unsubscribe() throws(SyntaxError) -> Unsubscribe {
        try space()
        return Unsubscribe(mailbox: try mailbox())
    }
}
