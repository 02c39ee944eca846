// A message as text: what SEARCH and the index look at.

/// The readable text of a message, decoded.
package enum MessageText {
    /// The values of the fields named `name` (any case), unfolded and decoded (RFC 2047), in order.
    package static func headerValues(_ header: [UInt8], named name: String) -> [String] { [] }

    /// Every field of a header block as `Name: value`, decoded.
    package static func headerLines(_ header: [UInt8]) -> [String] { [] }

    /// The texts of a message's text parts, decoded, and the headers of messages inside it.
    package static func bodyTexts(parts: PartIndex, message: [UInt8]) -> [String] { [] }
}
