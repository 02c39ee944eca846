// METADATA, with values and without.

package import Mail
import NIOCore

extension ResponseWriter {
    // RFC 5464 §5: metadata-resp = "METADATA" SP mailbox SP entry-values
    /// - Parameters:
    ///   - mailbox: nil for the server's.
    ///   - values: at least one.
    package mutating func metadata(_ mailbox: MailboxName?, _ values: [(entry: String, value: [UInt8]?)]) {
        beginMetadata(mailbox)
        buffer.writeStaticString("(")
        for (index, entry) in values.enumerated() {
            if index > 0 { space() }
            write(astring: entry.entry)
            space()
            write(metadataValue: entry.value)
        }
        buffer.writeStaticString(")")
        crlf()
    }

    // RFC 5464 §5: metadata-resp = "METADATA" SP mailbox SP entry-list
    /// What has changed, unasked (§4.4.2).
    /// - Parameter entries: at least one.
    package mutating func metadataChanged(_ mailbox: MailboxName?, _ entries: [String]) {
        beginMetadata(mailbox)
        for (index, entry) in entries.enumerated() {
            if index > 0 { space() }
            write(astring: entry)
        }
        crlf()
    }

    private mutating func beginMetadata(_ mailbox: MailboxName?) {
        buffer.writeStaticString("* METADATA ")
        if let mailbox { write(mailbox: mailbox) } else { buffer.writeStaticString("\"\"") }
        space()
    }

    // RFC 5464 §5: value = nstring / literal8
    private mutating func write(metadataValue value: [UInt8]?) {
        guard let value else {
            buffer.writeStaticString("NIL")
            return
        }
        guard value.contains(0) else { return write(string: value) }
        buffer.writeStaticString("~")
        write(literalHead: value.count)
        buffer.writeBytes(value)
    }
}
