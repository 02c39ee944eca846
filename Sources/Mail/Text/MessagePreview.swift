// The beginning of a message's text, as lists of messages show it under the subject (RFC 8970).
//
// It comes from the first part that is text to be read: plain, or HTML without its markup. What says nothing is left
// out: quoted lines, signatures, armour, and the invisible characters with which newsletters fill this very place.

package enum MessagePreview {
    /// Characters of a preview (RFC 8970 §3.3 wants 200, and 256 at most).
    package static let longest = 200
    /// Parts that are tried one after the other, and bytes of one part that are looked at.
    private static let mostParts = 4
    private static let mostBytes = 16 * 1_024
    private static let mostBytesOfHTML = 48 * 1_024
    /// Bytes that are looked at first: in most messages they are enough.
    package static let fewBytes = 2 * 1_024

    /// - Parameters:
    ///   - parts: of the message.
    ///   - first: so many bytes of a part are looked at before more are, where these do not suffice.
    ///   - read: gives the bytes in a range of the message, fewer where it ends; nil when they are not at hand.
    /// - Returns: one line, empty when the message has no text; nil when bytes were missing. O(1) in the message.
    package static func preview(
        of parts: PartIndex, first: Int = fewBytes, reading read: (Range<Int>) throws -> [UInt8]?
    ) rethrows -> String? {
        for index in texts(in: parts).prefix(mostParts) {
            let part = parts.parts[index]
            let most = min(part.body.count, part.subtype == "html" ? mostBytesOfHTML : mostBytes)
            for size in [first, most] where size == most || size < most / 2 {
                let start = part.body.lowerBound
                guard let bytes = try read(start..<start + size) else { return nil }
                guard let text = preview(of: part, bytes, isCut: size < most) else { continue }
                if !text.isEmpty { return text }
            }
        }
        return ""
    }

    /// The parts that are text and not attached, nor within a message that is.
    private static func texts(in parts: PartIndex) -> [Int] {
        var foreign = Set<Int>()
        var found: [Int] = []
        for (index, part) in parts.parts.enumerated() {
            if part.isAttachment || part.kind == .message || part.parent.map(foreign.contains) == true {
                foreign.insert(index)
            } else if part.kind == .text, part.subtype == "plain" || part.subtype == "html" {
                found.append(index)
                if found.count == mostParts { break }
            }
        }
        return found
    }

    /// - Parameter isCut: more bytes follow. nil then, unless these are enough, whatever follows.
    private static func preview(of part: PartIndex.Part, _ bytes: [UInt8], isCut: Bool) -> String? {
        let decoded = part.encoding == .identity ? bytes : TransferDecoder.decode(bytes, part.encoding)
        if isCut, Charset.isGuessed(part.charset), decoded.contains(where: { $0 >= 0x80 }) { return nil }
        let text = Charset.decode(decoded, charset: part.charset)
        if part.subtype == "html" || looksLikeHTML(text) {
            guard let body = body(ofHTML: text) else { return isCut ? nil : oneLine(HTMLText.plain(text)).text }
            let plain = HTMLText.plain(body)
            guard isCut else { return oneLine(plain).text }
            // A tag or reference that was cut in the middle may show at the end.
            let line = oneLine(String(plain.unicodeScalars.dropLast(longestReference)))
            return line.isFull ? line.text : nil
        }
        let own = oneLine(ownText(lines(of: text), isCut: isCut))
        if isCut { return own.isFull ? own.text : nil }
        return own.text.isEmpty && !text.contains("-----BEGIN PGP MESSAGE-----") ? oneLine(text).text : own.text
    }

    /// Characters of `&thetasym;` and its like, at most.
    private static let longestReference = 16

    /// Divided at what ends a line (`Character.isNewline`), by scalars, which is much quicker.
    private static func lines(of text: String) -> [Substring] {
        let scalars = text.unicodeScalars
        var lines: [Substring] = []
        var start = scalars.startIndex
        var index = start
        while index < scalars.endIndex {
            let scalar = scalars[index]
            var next = scalars.index(after: index)
            if isNewline(scalar) {
                lines.append(text[start..<index])
                if scalar == "\r", next < scalars.endIndex, scalars[next] == "\n" { next = scalars.index(after: next) }
                start = next
            }
            index = next
        }
        lines.append(text[start...])
        return lines
    }

    private static func isNewline(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0a...0x0d, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// Some senders put HTML into the plain part too.
    private static func looksLikeHTML(_ text: String) -> Bool {
        let start = text.utf8.drop { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0d) }.prefix(9)
        let word = String(decoding: start.map(\.asciiLowercased), as: UTF8.self)
        return word == "<!doctype" || word.hasPrefix("<html")
    }

    /// Without the head, whose title is not text of the message; nil where no body begins.
    private static func body(ofHTML html: String) -> String? {
        let bytes = Array(html.utf8)
        var from = 0
        while let found = ByteSearch.firstIndex(of: UInt8(ascii: "<"), in: bytes.span, from: from) {
            if bytes[found...].prefix(5).elementsEqual("<body".utf8, by: { $0.asciiLowercased == $1 }) {
                return String(decoding: bytes[found...], as: UTF8.self)
            }
            from = found + 1
        }
        return nil
    }

    /// What its sender wrote into a plain text: without quoted lines and the line that introduces them, without a
    /// signature, and of a signed text without its armour; of an encrypted one nothing.
    /// - Parameter isCut: the last line may be a piece, and more lines follow: what they might take away is left out.
    private static func ownText(_ lines: [Substring], isCut: Bool) -> String {
        var kept: [Substring] = []
        var isArmourHead = false
        for line in isCut ? lines.dropLast() : lines[...] {
            if isArmourHead {
                isArmourHead = !line.isEmpty
            } else if line.hasPrefix("-----BEGIN PGP SIGNED MESSAGE-----") {
                isArmourHead = true
            } else if line.hasPrefix("-----BEGIN PGP ") || line == "-- " {
                break
            } else if line.hasPrefix(">") {
                while kept.last?.isEmpty == true { kept.removeLast() }
                if kept.last?.last == ":" { kept.removeLast() }
            } else {
                kept.append(line)
            }
        }
        while isCut, let last = kept.last, last.isEmpty || last.last == ":" { kept.removeLast() }
        return kept.joined(separator: "\n")
    }

    /// White space runs are one space, invisible characters are gone, and at most `longest` characters are left.
    /// - Returns: the line, and whether nothing that followed the text could change it.
    private static func oneLine(_ text: String) -> (text: String, isFull: Bool) {
        var result = String.UnicodeScalarView()
        var count = 0
        var isAfterSpace = true
        for scalar in text.unicodeScalars {
            guard count < longest else { break }
            if isSpace(scalar) {
                guard !isAfterSpace else { continue }
                result.append(" ")
                isAfterSpace = true
            } else if isFiller(scalar) || isAfterSpace && isJoiner(scalar) {
                continue
            } else {
                result.append(scalar)
                isAfterSpace = false
            }
            count += 1
        }
        while let last = result.last, last == " " || last == "\u{fffd}" && count == longest { result.removeLast() }
        return (String(result), count == longest)
    }

    /// White space, or a control character.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0xa0 { return scalar.value <= 0x20 || scalar.value >= 0x7f }
        return scalar.properties.isWhitespace
    }

    /// Seen by nobody, or turning the direction of what stands beside it.
    private static func isFiller(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xad, 0x34f, 0x61c, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b, 0x200e, 0x200f, 0x202a...0x202e,
            0x2060...0x206f, 0x3164, 0xfeff, 0xffa0:
            true
        default: false
        }
    }

    /// Joins or parts the letters beside it; between words it is filler.
    private static func isJoiner(_ scalar: Unicode.Scalar) -> Bool { scalar.value == 0x200c || scalar.value == 0x200d }
}
