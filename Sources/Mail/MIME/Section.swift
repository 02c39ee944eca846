// A section of a message, as FETCH BODY[...] names it.

/// What stands in the brackets of BODY[...] (RFC 3501 §6.4.5). The empty path without text is the whole message.
package struct Section: Hashable, Sendable {
    /// Part numbers, from 1.
    package var path: [UInt32]
    package var text: SectionText?

    package init(path: [UInt32] = [], text: SectionText? = nil) {
        self.path = path
        self.text = text
    }

    package static let whole = Section()
}

/// The named things that a message or a part has (RFC 3501 §9, section-text). Field names are as the client wrote them.
package enum SectionText: Hashable, Sendable {
    case header
    case headerFields([String])
    case headerFieldsNot([String])
    case text
    case mime
}
