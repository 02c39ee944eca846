// FETCH responses, item by item: `beginFetch`, any items, `endFetch`.

package import Mail
package import NIOCore

extension ResponseWriter {
    // RFC 3501 §9: message-data = nz-number SP "FETCH" SP msg-att
    // RFC 9586 §4: uidfetch-resp = uniqueid SP "UIDFETCH" SP msg-att
    /// - Parameters:
    ///   - number: the sequence number; what the response begins with, unless the client has enabled UIDONLY.
    ///   - uid: what it begins with then.
    package mutating func beginFetch(_ number: UInt32, uid: UInt32) {
        buffer.writeStaticString("* ")
        write(number: UInt64(isUIDOnly ? uid : number))
        buffer.writeStaticString(isUIDOnly ? " UIDFETCH (" : " FETCH (")
        fetchItems = 0
    }

    package mutating func endFetch() { buffer.writeStaticString(")\r\n") }

    /// Between items a space.
    mutating func item(_ name: StaticString) {
        if fetchItems > 0 { space() }
        fetchItems += 1
        buffer.writeStaticString(name)
    }

    package mutating func fetchUID(_ uid: UInt32) {
        item("UID ")
        write(number: UInt64(uid))
    }

    /// - Parameter encoded: the names as they stand between the parentheses.
    package mutating func fetchFlags(encoded: ByteBuffer) {
        item("FLAGS (")
        buffer.writeImmutableBuffer(encoded)
        buffer.writeStaticString(")")
    }

    package mutating func fetchInternalDate(_ date: MailDate) {
        item("INTERNALDATE \"")
        buffer.writeBytes(date.encodedDateTime)
        buffer.writeStaticString("\"")
    }

    package mutating func fetchSize(_ size: UInt64) {
        item("RFC822.SIZE ")
        write(number: size)
    }

    package mutating func fetchModSeq(_ modSeq: ModSeq) {
        item("MODSEQ (")
        write(number: modSeq.rawValue)
        buffer.writeStaticString(")")
    }

    /// - Parameter encoded: as stored at append, parentheses included.
    package mutating func fetchEnvelope(encoded: ByteBuffer) {
        item("ENVELOPE ")
        buffer.writeImmutableBuffer(encoded)
    }

    package mutating func fetchBody(encoded: ByteBuffer) {
        item("BODY ")
        buffer.writeImmutableBuffer(encoded)
    }

    package mutating func fetchBodyStructure(encoded: ByteBuffer) {
        item("BODYSTRUCTURE ")
        buffer.writeImmutableBuffer(encoded)
    }

    /// Begins an item whose value is a literal of exactly `size` bytes, which the caller sends next.
    package mutating func fetchLiteral(_ name: FetchLiteralName, size: Int) {
        begin(name)
        write(literalHead: size)
    }

    /// An item whose value is here already.
    package mutating func fetchLiteral(_ name: FetchLiteralName, _ bytes: ByteBuffer) {
        fetchLiteral(name, size: bytes.readableBytes)
        buffer.writeImmutableBuffer(bytes)
    }

    /// An item that does not exist in this message.
    package mutating func fetchNil(_ name: FetchLiteralName) {
        begin(name)
        buffer.writeStaticString("NIL")
    }

    /// Likewise, with its name as `write(literalName:)` has written it.
    package mutating func fetchLiteral(encodedName: ByteBuffer, size: Int) {
        item("")
        buffer.writeImmutableBuffer(encodedName)
        write(literalHead: size)
    }

    private mutating func begin(_ name: FetchLiteralName) {
        item("")
        write(literalName: name)
    }

    /// The name and the space behind it.
    package mutating func write(literalName name: FetchLiteralName) {
        switch name {
        case .rfc822: buffer.writeStaticString("RFC822 ")
        case .rfc822Header: buffer.writeStaticString("RFC822.HEADER ")
        case .rfc822Text: buffer.writeStaticString("RFC822.TEXT ")
        case .section(let section, let offset):
            buffer.writeStaticString("BODY")
            write(section: section)
            if let offset {
                buffer.writeStaticString("<")
                write(number: offset)
                buffer.writeStaticString(">")
            }
            space()
        }
    }
}

/// The name of a FETCH item whose value is a string.
package enum FetchLiteralName: Hashable, Sendable {
    case rfc822
    case rfc822Header
    case rfc822Text
    /// The offset as the client gave it, when it gave a partial (RFC 3501 §7.4.2).
    case section(Section, offset: UInt64?)
}
