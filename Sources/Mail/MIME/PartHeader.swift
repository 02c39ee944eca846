// What the header of one part says about its body.

/// The MIME fields of one header block, and its envelope when it is a message's. Of a MIME field that stands there
/// twice the first counts, of Content-Disposition the last.
struct PartHeader {
    var contentType: ContentType?
    var encodingName: [UInt8]?
    var id: [UInt8]?
    var description: [UInt8]?
    var md5: [UInt8]?
    var disposition: ContentDisposition?
    var languages: [[UInt8]] = []
    var location: [UInt8]?
    var envelope: Envelope

    /// - Parameter isMessage: the block is a message's header, not just a part's.
    init(_ block: [UInt8], isMessage: Bool, limits: MessageLimits) {
        envelope = Envelope(limits: limits)
        let fields = HeaderFields(block)
        for field in fields {
            guard let known = KnownField(field, in: fields) else { continue }
            add(known, fields.unfolded(field), isMessage: isMessage, limits: limits)
        }
    }

    private mutating func add(_ field: KnownField, _ value: [UInt8], isMessage: Bool, limits: MessageLimits) {
        switch field {
        case .contentType: contentType = contentType ?? ContentType(value, limits: limits)
        case .contentTransferEncoding: encodingName = encodingName ?? PartHeader.token(value, limits)
        case .contentDisposition: disposition = ContentDisposition(value, limits: limits) ?? disposition
        case .contentID: id = id ?? value
        case .contentDescription: description = description ?? value
        case .contentMD5: md5 = md5 ?? value
        case .contentLanguage: if languages.isEmpty { languages = PartHeader.languages(value, limits) }
        case .contentLocation: location = location ?? value
        default: if isMessage { envelope.add(field, value) }
        }
    }

    /// The one token that the value is, comments and what comes behind a semicolon aside; nil when it is none.
    private static func token(_ value: [UInt8], _ limits: MessageLimits) -> [UInt8]? {
        var lexer = StructuredLexer(value, limits: limits)
        lexer.skipSpace()
        let token = lexer.run { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "(") }
        lexer.skipSpace()
        guard ContentType.isToken(token), lexer.isAtEnd || lexer.current == UInt8(ascii: ";") else { return nil }
        return Array(token)
    }

    /// Language tags, separated by commas (RFC 3282 §2).
    private static func languages(_ value: [UInt8], _ limits: MessageLimits) -> [[UInt8]] {
        var lexer = StructuredLexer(value, limits: limits)
        var result: [[UInt8]] = []
        while result.count < limits.parameters {
            lexer.skipSpace()
            let tag = lexer.run { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "(") }
            if !tag.isEmpty { result.append(Array(tag)) }
            lexer.skipSpace()
            if tag.isEmpty, !lexer.take(UInt8(ascii: ",")) { break }
        }
        return result
    }

    var encoding: TransferEncoding { TransferEncoding(name: encodingName ?? []) }
    /// Decoded.
    var fileName: String? { disposition?.fileName ?? contentType?.name }
}
