// Splits an mbox file into its messages while it streams by.

/// Reads mboxo and mboxrd; Content-Length is ignored. Feed it the file in pieces.
package struct MboxReader: Sendable {
    /// What the reader found, in order.
    package enum Event: Hashable, Sendable {
        /// A message begins. `sender` and `date` are the `From ` line's.
        case message(sender: String, date: MailDate?)
        /// Bytes of the message, quoting undone, line ends as in the file.
        case bytes([UInt8])
        /// The message is whole.
        case end
    }

    package init() {}

    package mutating func consume(_ bytes: [UInt8], _ handle: (Event) throws -> Void) rethrows {}
    package mutating func finish(_ handle: (Event) throws -> Void) rethrows {}
}
