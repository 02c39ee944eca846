// DELETEACL: somebody's line in a mailbox's access control list goes.

/// RFC 4314 §3.2.
package struct DeleteACL: Hashable, Sendable {
    package var mailbox: MailboxArgument
    package var identifier: AccessIdentifier

    package init(mailbox: MailboxArgument, identifier: AccessIdentifier) {
        self.mailbox = mailbox
        self.identifier = identifier
    }
}

extension Lexer {
    // RFC 4314 §7: deleteacl = "DELETEACL" SP mailbox SP identifier
    mutating func deleteACL() throws(SyntaxError) -> DeleteACL {
        try space()
        let mailbox = try mailbox()
        try space()
        return DeleteACL(mailbox: mailbox, identifier: try accessIdentifier())
    }
}
