// FETCH items of the extensions: BINARY, object identifiers, SAVEDATE, PREVIEW.

package import Mail
import NIOCore

extension ResponseWriter {
    // RFC 8474 §7: "(" objectid ")"
    mutating func write(objectID: String) {
        buffer.writeStaticString("(")
        write(atom: objectID)
        buffer.writeStaticString(")")
    }

    package mutating func fetchEmailID(_ objectID: String) {
        item("EMAILID ")
        write(objectID: objectID)
    }

    /// - Parameter objectID: nil when it is not known.
    package mutating func fetchThreadID(_ objectID: String?) {
        item("THREADID ")
        if let objectID { write(objectID: objectID) } else { buffer.writeStaticString("NIL") }
    }

    // RFC 8514 §5: "SAVEDATE" SP (date-time / nil)
    package mutating func fetchSaveDate(_ date: MailDate) {
        item("SAVEDATE \"")
        buffer.writeBytes(date.encodedDateTime)
        buffer.writeStaticString("\"")
    }

    // RFC 8970 §6: "PREVIEW" SP nstring
    /// - Parameter preview: nil when it is not at hand.
    package mutating func fetchPreview(_ preview: String?) {
        item("PREVIEW ")
        if let preview { write(string: preview) } else { buffer.writeStaticString("NIL") }
    }

    // RFC 3516 §7: "BINARY" section-binary SP (nstring / literal8)
    /// Begins an item whose value is exactly `size` octets, which the caller sends next.
    /// - Parameters:
    ///   - offset: as the client gave it, when it gave a partial.
    ///   - holdsNUL: the value is a literal8 then.
    package mutating func fetchBinary(_ path: [UInt32], offset: UInt64?, size: Int, holdsNUL: Bool) {
        begin(binary: path, offset)
        if holdsNUL { buffer.writeStaticString("~") }
        write(literalHead: size)
    }

    /// The message has no such part.
    package mutating func fetchBinaryNil(_ path: [UInt32], offset: UInt64?) {
        begin(binary: path, offset)
        buffer.writeStaticString("NIL")
    }

    package mutating func fetchBinarySize(_ path: [UInt32], _ size: Int) {
        item("BINARY.SIZE")
        write(section: Section(path: path))
        space()
        write(number: UInt64(max(0, size)))
    }

    private mutating func begin(binary path: [UInt32], _ offset: UInt64?) {
        item("BINARY")
        write(section: Section(path: path))
        if let offset {
            buffer.writeStaticString("<")
            write(number: UInt64(offset))
            buffer.writeStaticString(">")
        }
        space()
    }
}
