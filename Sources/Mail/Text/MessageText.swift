// A message as text: what SEARCH and the index look at.

/// The readable text of a message, decoded.
package enum MessageText {
    /// The values of the fields named `name` (any case), unfolded and decoded (RFC 2047), in order.
    package static func headerValues(_ header: [UInt8], named name: String) -> [String] {
        let key = Array(name.asciiLowercased.utf8)
        let fields = HeaderFields(header)
        return fields.filter { fields.isNamed(key, $0) }.map { EncodedWord.decode(fields.unfolded($0)) }
    }

    /// Every field of a header block as `Name: value`, unfolded and decoded.
    package static func headerLines(_ header: [UInt8]) -> [String] {
        var lines: [String] = []
        forEachHeaderLine(header) { lines.append($0) }
        return lines
    }

    /// As `headerLines`, one after the other: a header of many megabytes may hold as many fields.
    package static func forEachHeaderLine(_ header: [UInt8], _ body: (String) -> Void) {
        let fields = HeaderFields(header)
        for field in fields {
            let name = String(decoding: header[field.name], as: UTF8.self)
            body(name + ": " + EncodedWord.decode(fields.unfolded(field)))
        }
    }

    /// The texts of a message's text parts without transfer encoding and in Unicode, and the headers of the messages
    /// inside it. HTML comes as its text.
    /// - Parameter message: the bytes that `parts` is the index of; ranges beyond its end are cut off.
    package static func bodyTexts(parts: PartIndex, message: [UInt8]) -> [String] {
        var texts: [String] = []
        for (index, part) in parts.parts.enumerated() {
            if index > 0, let parent = part.parent, parts.parts[parent].kind == .message {
                texts += headerLines(slice(message, part.header))
            }
            if part.kind == .text { texts.append(text(of: part, slice(message, part.body))) }
        }
        return texts
    }

    /// One part's text, decoded; of HTML what is left without its tags.
    /// - Parameter body: the bytes of the part's body.
    package static func text(of part: PartIndex.Part, _ body: [UInt8]) -> String {
        let decoded = part.encoding == .identity ? body : TransferDecoder.decode(body, part.encoding)
        let text = Charset.decode(decoded, charset: part.charset)
        return part.subtype == "html" ? HTMLText.plain(text) : text
    }

    /// The key of a part's text: what folding makes of `text(of:)`. ASCII, as most parts are, is no String on the way.
    package static func foldedText(of part: PartIndex.Part, _ body: [UInt8]) -> [UInt8] {
        guard part.encoding == .identity, Charset.writesASCII(part.charset),
            ByteSearch.isASCII(body.span, 0..<body.count)
        else { return CaseFolding.fold(text(of: part, body)) }
        guard part.subtype == "html" else { return CaseFolding.asciiUppercased(body) }
        let text = HTMLText.plain(body)
        // Of references to characters beyond ASCII.
        guard ByteSearch.isASCII(text.span, 0..<text.count) else {
            return CaseFolding.fold(String(decoding: text, as: UTF8.self))
        }
        return CaseFolding.asciiUppercased(text)
    }

    private static func slice(_ bytes: [UInt8], _ range: Range<Int>) -> [UInt8] {
        Array(bytes[range.clamped(to: 0..<bytes.count)])
    }
}
