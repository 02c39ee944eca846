// Content-Type and Content-Disposition, taken apart.

/// A media type with its parameters (RFC 2045 §5).
package struct ContentType: Hashable, Sendable {
    /// As written.
    package var type: [UInt8]
    package var subtype: [UInt8]
    package var parameters: Parameters

    /// text/plain, what a part is when nothing is said (RFC 2045 §5.2).
    package static let plain = ContentType(type: Array("text".utf8), subtype: Array("plain".utf8))
    /// What a part of a multipart/digest is when nothing is said (RFC 2046 §5.1.5).
    static let message = ContentType(type: Array("message".utf8), subtype: Array("rfc822".utf8))
    static let unknown = ContentType(type: Array("application".utf8), subtype: Array("octet-stream".utf8))

    private init(type: [UInt8], subtype: [UInt8]) {
        self.type = type
        self.subtype = subtype
        parameters = Parameters()
    }

    /// - Parameter value: the unfolded value of the field. What has no `type/subtype` is text/plain (RFC 2045 §5.2).
    package init(_ value: [UInt8], limits: MessageLimits = .default) {
        var lexer = StructuredLexer(value, limits: limits)
        lexer.skipSpace()
        let type = lexer.run(until: ContentType.endsToken)
        lexer.skipSpace()
        let hasSlash = lexer.take(UInt8(ascii: "/"))
        lexer.skipSpace()
        let subtype = lexer.run(until: ContentType.endsToken)
        guard hasSlash, ContentType.isToken(type), ContentType.isToken(subtype) else {
            self = .plain
            return
        }
        self.type = Array(type)
        self.subtype = Array(subtype)
        parameters = Parameters(&lexer, limits: limits)
    }

    private static func endsToken(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: ";") || byte == UInt8(ascii: "(")
    }

    static func isToken(_ bytes: ArraySlice<UInt8>) -> Bool {
        !bytes.isEmpty && bytes.count <= 255
            && bytes.allSatisfy { byte in
                switch byte {
                case 0x21, 0x23...0x27, 0x2a, 0x2b, 0x2d, 0x2e, 0x30...0x39, 0x41...0x5a, 0x5e...0x7e: true
                default: false
                }
            }
    }

    /// In lower case.
    package var typeName: String { String(decoding: type.map(\.asciiLowercased), as: UTF8.self) }
    package var subtypeName: String { String(decoding: subtype.map(\.asciiLowercased), as: UTF8.self) }

    /// The charset in lower case; nil when none is given.
    package var charset: String? {
        guard let text = parameters.text("charset"), !text.isEmpty, text.utf8.count <= 64 else { return nil }
        return text.asciiLowercased
    }

    /// The decoded `name`, which older senders use for the file's.
    package var name: String? { parameters.text("name") }

    /// Without the white space that must not end it (RFC 2046 §5.1.1); nil when missing or empty.
    package var boundary: [UInt8]? {
        guard var boundary = parameters.raw("boundary") else { return nil }
        while let last = boundary.last, StructuredLexer.isSpace(last) { boundary.removeLast() }
        return boundary.isEmpty ? nil : boundary
    }
}

/// How a part wants to be shown (RFC 2183).
package struct ContentDisposition: Hashable, Sendable {
    /// As written: `inline`, `attachment` …
    package var value: [UInt8]
    package var parameters: Parameters

    /// nil when the field says nothing. Parameters without a disposition are an attachment's (RFC 2183 §2.8).
    package init?(_ value: [UInt8], limits: MessageLimits = .default) {
        var lexer = StructuredLexer(value, limits: limits)
        lexer.skipSpace()
        let disposition = lexer.run { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "(") }
        parameters = Parameters(&lexer, limits: limits)
        guard !disposition.isEmpty || !parameters.list.isEmpty else { return nil }
        self.value = disposition.isEmpty ? Array("attachment".utf8) : Array(disposition)
    }

    package var isAttachment: Bool { value.map(\.asciiLowercased) == Array("attachment".utf8) }
    /// The decoded file name.
    package var fileName: String? { parameters.text("filename") }
}
