// The smallest pieces of a response: numbers, strings, names, text.

package import Mail
import NIOCore

extension ResponseWriter {
    /// Decimal digits, without a String.
    package mutating func write(number: UInt64) {
        guard number >= 100_000_000 else {
            write(upToEightDigits: number, padded: false)
            return
        }
        write(number: number / 100_000_000)
        write(upToEightDigits: number % 100_000_000, padded: true)
    }

    /// The digits are gathered in one word, the last in its lowest byte, and written at once.
    private mutating func write(upToEightDigits number: UInt64, padded: Bool) {
        var rest = number
        var digits: UInt64 = 0
        var count: UInt64 = 0
        repeat {
            digits |= (rest % 10 + 0x30) << (count * 8)
            rest /= 10
            count += 1
        } while rest > 0 || (padded && count < 8)
        buffer.writeInteger(digits << (64 - count * 8))
        buffer.moveWriterIndex(to: buffer.writerIndex - Int(8 - count))
    }

    // RFC 3501 §9: sequence-set
    mutating func write(ranges: some Collection<ClosedRange<UInt32>>) {
        var isFirst = true
        for range in ranges {
            if !isFirst { buffer.writeStaticString(",") }
            isFirst = false
            write(number: UInt64(range.lowerBound))
            guard range.upperBound > range.lowerBound else { continue }
            buffer.writeStaticString(":")
            write(number: UInt64(range.upperBound))
        }
    }

    // RFC 3501 §9: string = quoted / literal
    /// Quoted where that is possible (RFC 9051 §9: in UTF-8 too, once the client takes it), else a literal. NUL, which
    /// neither can hold, is left out.
    package mutating func write(string bytes: some Collection<UInt8>) {
        let highest: UInt8 = acceptsUTF8 ? 0xff : 0x7e
        if bytes.count <= 512, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f && $0 <= highest }),
            !acceptsUTF8 || isUTF8(Array(bytes))
        {
            write(quoted: bytes)
        } else {
            let held = bytes.filter { $0 != 0 }
            write(literalHead: held.count)
            buffer.writeBytes(held)
        }
    }

    package mutating func write(string: String) { write(string: string.utf8) }

    /// - Parameter bytes: without control characters.
    private mutating func write(quoted bytes: some Collection<UInt8>) {
        buffer.writeStaticString("\"")
        for byte in bytes {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { buffer.writeInteger(UInt8(ascii: "\\")) }
            buffer.writeInteger(byte)
        }
        buffer.writeStaticString("\"")
    }

    // RFC 3501 §9: astring = 1*ASTRING-CHAR / string
    /// Quoted also for the sake of a `]`, at which a simple reader would end a code or a section.
    mutating func write(astring: String) {
        if !astring.isEmpty, astring.utf8.allSatisfy(CharacterSet.isAtom), !astring.equalsIgnoringASCIICase("NIL") {
            buffer.writeString(astring)
        } else {
            write(string: astring)
        }
    }

    /// What comes from our own tables; any byte that no atom may hold is left out.
    mutating func write(atom: String) { buffer.writeBytes(atom.utf8.filter(CharacterSet.isAtom)) }

    // RFC 3501 §9: literal = "{" number "}" CRLF *CHAR8
    package mutating func write(literalHead size: Int) {
        buffer.writeStaticString("{")
        write(number: UInt64(max(0, size)))
        buffer.writeStaticString("}\r\n")
    }

    // RFC 3501 §9: mailbox = "INBOX" / astring
    /// In UTF-8 or in modified UTF-7, as the client has enabled.
    package mutating func write(mailbox name: MailboxName) { write(mailboxText: name.text) }

    /// - Parameter text: a mailbox's name, perhaps not in its canonical form, without control characters.
    mutating func write(mailboxText text: String) {
        if acceptsUTF8 {
            // Quoting is always possible: a name holds no control characters.
            write(quoted: text.utf8)
        } else {
            write(astring: ModifiedUTF7.encode(text))
        }
    }

    // RFC 3501 §9: text = 1*TEXT-CHAR
    /// One line of printable ASCII, never empty and never beginning with `[`, which would be read as a code.
    mutating func write(text: String) {
        var written = 0
        for byte in text.utf8.prefix(1_000) {
            if written == 0, byte == UInt8(ascii: "[") || byte == 0x20 { continue }
            buffer.writeInteger(byte >= 0x20 && byte < 0x7f ? byte : UInt8(ascii: "?"))
            written += 1
        }
        if written == 0 { buffer.writeStaticString("Done.") }
    }

    // RFC 3501 §9: section = "[" [section-spec] "]"
    mutating func write(section: Section) {
        buffer.writeStaticString("[")
        for (index, part) in section.path.enumerated() {
            if index > 0 { buffer.writeStaticString(".") }
            write(number: UInt64(part))
        }
        if let text = section.text {
            if !section.path.isEmpty { buffer.writeStaticString(".") }
            write(sectionText: text)
        }
        buffer.writeStaticString("]")
    }

    private mutating func write(sectionText: SectionText) {
        switch sectionText {
        case .header: buffer.writeStaticString("HEADER")
        case .text: buffer.writeStaticString("TEXT")
        case .mime: buffer.writeStaticString("MIME")
        case .headerFields(let names):
            buffer.writeStaticString("HEADER.FIELDS (")
            write(fieldNames: names)
        case .headerFieldsNot(let names):
            buffer.writeStaticString("HEADER.FIELDS.NOT (")
            write(fieldNames: names)
        }
    }

    private mutating func write(fieldNames: [String]) {
        for (index, name) in fieldNames.enumerated() {
            if index > 0 { space() }
            write(astring: name)
        }
        buffer.writeStaticString(")")
    }
}
