// GETACL: who may do what with a mailbox.

/// RFC 4314 §3.3.
package struct GetACL: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 4314 §7: getacl = "GETACL" SP mailbox
    mutating func getACL() throws(SyntaxError) -> GetACL {
        try space()
        return GetACL(mailbox: try mailbox())
    }
}
