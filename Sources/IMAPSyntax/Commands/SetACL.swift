// SETACL: rights are given to somebody, or taken.

package import Mail

/// RFC 4314 §3.1.
package struct SetACL: Hashable, Sendable {
    package var mailbox: MailboxArgument
    package var identifier: AccessIdentifier
    package var change: RightsChange

    package init(mailbox: MailboxArgument, identifier: AccessIdentifier, change: RightsChange) {
        self.mailbox = mailbox
        self.identifier = identifier
        self.change = change
    }
}

extension Lexer {
    // RFC 4314 §7: setacl = "SETACL" SP mailbox SP identifier SP mod-rights
    mutating func setACL() throws(SyntaxError) -> SetACL {
        try space()
        let mailbox = try mailbox()
        try space()
        let identifier = try accessIdentifier()
        try space()
        return SetACL(mailbox: mailbox, identifier: identifier, change: try modifiedRights())
    }

    // RFC 4314 §7: mod-rights = astring. An unknown right is BAD (§3.1).
    private mutating func modifiedRights() throws(SyntaxError) -> RightsChange {
        let text = String(decoding: try astring("rights"), as: UTF8.self)
        do throws(MailboxRights.UnknownRight) {
            return try RightsChange(text)
        } catch {
            throw SyntaxError("there is no right \"\(error.letter)\"")
        }
    }
}
