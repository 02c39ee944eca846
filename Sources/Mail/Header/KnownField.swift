// The header fields that the parser understands.

/// A field whose meaning the parser knows.
enum KnownField: Hashable, Sendable {
    case date, subject, from, sender, replyTo, to, cc, bcc, inReplyTo, messageID, references
    case contentType, contentTransferEncoding, contentDisposition, contentID, contentDescription, contentMD5
    case contentLanguage, contentLocation

    private static let names: [[UInt8]: KnownField] = Dictionary(
        uniqueKeysWithValues: [
            ("date", KnownField.date), ("subject", .subject), ("from", .from), ("sender", .sender),
            ("reply-to", .replyTo), ("to", .to), ("cc", .cc), ("bcc", .bcc), ("in-reply-to", .inReplyTo),
            ("message-id", .messageID), ("references", .references), ("content-type", .contentType),
            ("content-transfer-encoding", .contentTransferEncoding), ("content-disposition", .contentDisposition),
            ("content-id", .contentID), ("content-description", .contentDescription), ("content-md5", .contentMD5),
            ("content-language", .contentLanguage), ("content-location", .contentLocation),
        ].map { (Array($0.0.utf8), $0.1) })

    /// nil for any other field.
    init?(_ field: HeaderField, in fields: HeaderFields) {
        guard (2...25).contains(field.name.count), let known = KnownField.names[fields.key(field)] else { return nil }
        self = known
    }
}
