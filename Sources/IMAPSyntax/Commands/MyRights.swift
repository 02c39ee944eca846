// MYRIGHTS: what the session's own account may do with a mailbox.

/// RFC 4314 §3.5.
package struct MyRights: Hashable, Sendable {
    package var mailbox: MailboxArgument

    package init(mailbox: MailboxArgument) { self.mailbox = mailbox }
}

extension Lexer {
    // RFC 4314 §7: myrights = "MYRIGHTS" SP mailbox
    mutating func myRights() throws(SyntaxError) -> MyRights {
        try space()
        return MyRights(mailbox: try mailbox())
    }
}
