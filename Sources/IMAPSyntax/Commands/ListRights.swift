// LISTRIGHTS: which rights somebody could be given.

/// RFC 4314 §3.4.
package struct ListRights: Hashable, Sendable {
    package var mailbox: MailboxArgument
    package var identifier: AccessIdentifier

    package init(mailbox: MailboxArgument, identifier: AccessIdentifier) {
        self.mailbox = mailbox
        self.identifier = identifier
    }
}

extension Lexer {
    // RFC 4314 §7: listrights = "LISTRIGHTS" SP mailbox SP identifier
    mutating func listRights() throws(SyntaxError) -> ListRights {
        try space()
        let mailbox = try mailbox()
        try space()
        return ListRights(mailbox: mailbox, identifier: try accessIdentifier())
    }
}
