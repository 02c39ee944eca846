// APPEND and REPLACE: everything of them but the octets of their messages, which the frame decoder streams.
//
// Such a command is text with data literals between: `AppendGrammar` reads one piece of text after the other and says
// what it holds as steps, in the order of the wire.

package import Mail

/// How an APPEND or REPLACE begins.
package struct AppendHead: Hashable, Sendable {
    package var tag: String
    package var mailbox: MailboxArgument
    /// REPLACE's message of the selected mailbox, one number; nil for APPEND.
    package var replaced: MessageSelection?

    package init(tag: String, mailbox: MailboxArgument, replaced: MessageSelection? = nil) {
        self.tag = tag
        self.mailbox = mailbox
        self.replaced = replaced
    }

    package var name: CommandName { replaced == nil ? .append : .replace }
}

/// What one message is to have beside its octets.
package struct AppendOptions: Hashable, Sendable {
    package var flags: Flags
    /// The INTERNALDATE to give; nil is now.
    package var date: MailDate?

    package init(flags: Flags = .none, date: MailDate? = nil) {
        self.flags = flags
        self.date = date
    }
}

/// What a data literal may hold.
package enum AppendLiteralForm: Hashable, Sendable {
    /// `{n}`
    case text
    /// `~{n}`: NUL too (RFC 3516 §4.4).
    case binary
    /// `UTF8 (~{n})`: UTF-8 in its header (RFC 6855 §4).
    case utf8
}

/// One step of an APPEND or REPLACE.
package enum AppendStep: Hashable, Sendable {
    /// The first.
    case begin(AppendHead)
    /// A message begins (RFC 3502); the one before it is complete.
    case message(AppendOptions)
    /// The message is put together from what follows (RFC 4469 §3); without this it is one literal.
    case catenate
    /// A part of such a message that lies in a mailbox: an IMAP URL, as the client wrote it.
    case url([UInt8])
    /// A data literal begins.
    case literal(AppendLiteralForm)
}
