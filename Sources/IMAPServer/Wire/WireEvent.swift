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
    /// APPEND's message is announced. Call `acceptLiteral` (after `+ OK` if `synchronizing`) or, after the refusal,
    /// `refuseLiteral`; until then there are no further events.
    case appendStarted(TaggedAppendHead, size: UInt64, synchronizing: Bool)
    /// A piece of the message that was accepted; never empty.
    case appendData(ByteBuffer)
    /// The APPEND is complete. With a `BadCommand` its end was wrong: nothing is to be stored and this is the reply.
    case appendEnded(BadCommand?)
    /// In `.lines` mode, a line without its CRLF.
    case line(ByteBuffer)
    /// Something that cannot be framed or is over a limit. After a fatal one the connection must be closed with BYE; no
    /// further event comes.
    case bad(BadCommand, code: ResponseCode?, fatal: Bool)
}

/// How the next bytes are to be read.
package enum WireMode: Hashable, Sendable {
    case commands
    /// Plain lines: the client's part of AUTHENTICATE, and IDLE's DONE.
    case lines
}
