// APPEND: everything of it that comes before the message, which the frame decoder streams.

package import Mail
package import NIOCore

/// RFC 3501 §6.3.11, up to the message's literal.
package struct Append: Hashable, Sendable {
    package var mailbox: MailboxArgument
    package var flags: Flags
    /// The INTERNALDATE to give; nil is now.
    package var date: MailDate?

    package init(mailbox: MailboxArgument, flags: Flags = .none, date: MailDate? = nil) {
        self.mailbox = mailbox
        self.flags = flags
        self.date = date
    }
}

/// An APPEND whose message is about to come.
package struct TaggedAppendHead: Hashable, Sendable {
    package var tag: String
    package var append: Append

    package init(tag: String, append: Append) {
        self.tag = tag
        self.append = append
    }
}

/// What the beginning of a command, read up to the `{` of a literal, says about that literal.
package enum LiteralContext: Hashable, Sendable {
    /// It is the message of this APPEND.
    case message(TaggedAppendHead)
    /// It is an argument like any other.
    case argument
    /// No command can begin like this and go on with a literal.
    case bad(BadCommand)
}

/// - Parameter prefix: the command from its tag up to the literal's `{`, earlier literals in place.
package func literalContext(_ prefix: ByteBuffer, limits: SyntaxLimits) -> LiteralContext {
    var lexer = Lexer(prefix, limits: limits)
    var tag: String?
    do throws(SyntaxError) {
        let parsed = try lexer.tag()
        tag = parsed
        try lexer.space()
        guard lexer.letters() == "APPEND" else { return .argument }
        try lexer.space()
        if lexer.atEnd { return .argument }
        return .message(TaggedAppendHead(tag: parsed, append: try lexer.appendHead()))
    } catch {
        return .bad(BadCommand(tag: tag, reason: error.reason))
    }
}

extension Lexer {
    // RFC 3501 §9: append = "APPEND" SP mailbox [SP flag-list] [SP date-time] SP literal
    fileprivate mutating func appendHead() throws(SyntaxError) -> Append {
        var append = Append(mailbox: try mailbox())
        try space()
        if peek() == UInt8(ascii: "(") {
            append.flags = try flagList()
            try space()
        }
        if peek() == UInt8(ascii: "\"") {
            append.date = try dateTime()
            try space()
        }
        guard atEnd else { throw SyntaxError("APPEND takes a mailbox, flags, a date and a message as a literal") }
        return append
    }
}
