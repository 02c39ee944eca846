// RENAME: a mailbox and all below it get another name.

/// RFC 3501 §6.3.5.
package struct Rename: Hashable, Sendable {
    package var from: MailboxArgument
    package var to: MailboxArgument

    package init(from: MailboxArgument, to: MailboxArgument) {
        self.from = from
        self.to = to
    }
}

extension Lexer {
    // RFC 3501 §9: rename = "RENAME" SP mailbox SP mailbox
    mutating func rename() throws(SyntaxError) -> Rename {
        try space()
        let from = try mailbox()
        try space()
        return Rename(from: from, to: try mailbox())
    }
}
