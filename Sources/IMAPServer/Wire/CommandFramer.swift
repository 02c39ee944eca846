// Cuts a connection's bytes into commands, lines and the pieces of a message.

import IMAPSyntax
package import NIOCore

/// The frame decoder: bytes in with `append`, events out with `next`. It reads no further than it is asked to, so that what
/// follows STARTTLS, AUTHENTICATE or IDLE is read as the session then decides.
package struct CommandFramer: Sendable {
    package let limits: IMAPLimits
    /// Set by the session on login; widens the limits from the next command on.
    package var authenticated = false
    /// Set by the session between events.
    package var mode = WireMode.commands

    package init(limits: IMAPLimits = IMAPLimits()) { self.limits = limits }

    /// Bytes received and not yet given out.
    package var bufferedBytes: Int { 0 }

    package mutating func append(_ buffer: inout ByteBuffer) {}

    /// The next event, or nil when more bytes (or an answer to the last event) are needed.
    package mutating func next() -> WireEvent? { nil }

    /// The announced literal may come.
    package mutating func acceptLiteral() {}

    /// The announced literal is refused. A synchronizing one will not come; of any other exactly the announced bytes and
    /// the rest of its line are swallowed.
    package mutating func refuseLiteral() {}

    /// Forgets all that was received: what came in plain text with STARTTLS must not be read.
    package mutating func discardBuffered() {}
}
