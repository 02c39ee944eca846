// What the frame decoder finds in a connection's bytes.

package import IMAPSyntax
package import NIOCore

/// One step of what a client sends, in order.
package enum WireEvent: Hashable, Sendable {
    /// A complete command with its literals in place, without the CRLF at its end: for `parseCommand`.
    case command(ByteBuffer)
    /// A literal that is within the limits is announced and the client waits. Answer `+ OK` and call `acceptLiteral`,
    /// or refuse the command (NO, BAD) and call `refuseLiteral`; until then there are no further events.
    case continuationNeeded(CommandHead)
    /// A step of an APPEND or REPLACE, but for its literals. The first is `.begin`; then come messages, URLs and
    /// literals until `appendEnded`, or until the session refuses a literal.
    case append(AppendStep)
    /// A data literal of the APPEND or REPLACE is announced. Call `acceptLiteral` (after `+ OK` if `synchronizing`)
    /// or, after the refusal, `refuseLiteral`, which ends the command; until then there are no further events.
    case appendLiteral(AppendLiteral)
    /// A piece of the literal that was accepted; never empty.
    case appendData(ByteBuffer)
    /// The command is complete. With a `BadCommand` its rest was wrong: nothing is to be stored and this is the reply.
    case appendEnded(BadCommand?, code: ResponseCode? = nil)
    /// In `.lines` mode, a line without its CRLF.
    case line(ByteBuffer)
    /// Something that cannot be framed or is over a limit. After a fatal one the connection must be closed with BYE; no
    /// further event comes.
    case bad(BadCommand, code: ResponseCode?, fatal: Bool)
}

/// A data literal, announced.
package struct AppendLiteral: Hashable, Sendable {
    package var form: AppendLiteralForm
    package var size: UInt64
    /// The client waits for `+`.
    package var synchronizing: Bool

    package init(_ form: AppendLiteralForm, size: UInt64, synchronizing: Bool) {
        self.form = form
        self.size = size
        self.synchronizing = synchronizing
    }
}

/// How the next bytes are to be read.
package enum WireMode: Hashable, Sendable {
    case commands
    /// Plain lines: the client's part of AUTHENTICATE, and IDLE's DONE.
    case lines
}
