// Writes responses so that no byte of theirs can be taken for another response.
//
// Whoever hands text in, a client that named a mailbox or a message that came by mail, cannot break out of its string.
// The functions append to `buffer`; the session takes it away with `take`. Numbers are written digit by digit and what
// was encoded beforehand is copied, without a String in between.

package import NIOCore

/// OK, NO, BAD, and what only stands untagged (RFC 3501 §7.1).
package enum ResponseCondition: String, Hashable, Sendable {
    case ok = "OK"
    case no = "NO"
    case bad = "BAD"
    case preauth = "PREAUTH"
    case bye = "BYE"
}

/// The encoder of everything the server says.
package struct ResponseWriter: Sendable {
    /// What has been written and not yet taken away.
    package var buffer: ByteBuffer
    /// Names and quoted strings are in UTF-8: the client has enabled IMAP4rev2 or UTF8=ACCEPT.
    package var acceptsUTF8 = false
    /// No sequence numbers: the client has enabled UIDONLY (RFC 9586).
    package var isUIDOnly = false
    var fetchItems = 0

    package init(buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

    /// The bytes written so far; the writer begins anew.
    package mutating func take() -> ByteBuffer {
        let taken = buffer
        buffer = ByteBuffer()
        return taken
    }

    // RFC 3501 §9: response-tagged = tag SP resp-cond-state CRLF
    /// - Parameters:
    ///   - tag: as the parser gave it.
    ///   - text: for people; what is not printable ASCII is replaced, and an empty text too.
    package mutating func tagged(
        _ tag: String, _ condition: ResponseCondition, code: ResponseCode? = nil, _ text: String
    ) {
        buffer.writeString(tag)
        status(condition, code, text)
    }

    // RFC 3501 §9: response-data = "*" SP (resp-cond-state / resp-cond-bye / …) CRLF
    package mutating func untagged(_ condition: ResponseCondition, code: ResponseCode? = nil, _ text: String) {
        buffer.writeStaticString("*")
        status(condition, code, text)
    }

    /// The reply to what the parser refused: tagged when it had a tag.
    package mutating func bad(_ command: BadCommand, code: ResponseCode? = nil) {
        if let tag = command.tag {
            tagged(tag, .bad, code: code, command.reason)
        } else {
            untagged(.bad, code: code, command.reason)
        }
    }

    // RFC 3501 §9: continue-req = "+" SP (resp-text / base64) CRLF
    package mutating func continuation(_ text: String = "OK") {
        buffer.writeStaticString("+ ")
        write(text: text)
        crlf()
    }

    /// A SASL challenge; empty gives `+ ` with its space, which some clients insist on.
    package mutating func continuation(challenge: [UInt8]) {
        buffer.writeStaticString("+ ")
        buffer.writeBytes(Base64.encode(challenge))
        crlf()
    }

    private mutating func status(_ condition: ResponseCondition, _ code: ResponseCode?, _ text: String) {
        space()
        buffer.writeString(condition.rawValue)
        space()
        if let code {
            buffer.writeStaticString("[")
            write(code: code)
            buffer.writeStaticString("] ")
        }
        write(text: text)
        crlf()
    }

    mutating func space() { buffer.writeInteger(UInt8(ascii: " ")) }
    mutating func crlf() { buffer.writeStaticString("\r\n") }
}
