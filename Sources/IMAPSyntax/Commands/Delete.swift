// DELETE: a mailbox goes.

/// RFC 3501 §6.3.4.
package struct Delete: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 3501 §9: delete = "DELETE" SP mailbox
    mutating func delete() throws(SyntaxError) -> Delete {
        try space()
        return Delete(mailbox: try mailbox())
    }
}
