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

    /// - Parameters:
    ///   - parts: of the message.
    ///   - read: gives the bytes in a range of the message, fewer where it ends; nil when they are not at hand.
    /// - Returns: one line, empty when the message has no text; nil when bytes were missing. O(1) in the message.
    package static func preview(
        of parts: PartIndex, reading read: (Range<Int>) throws -> [UInt8]?
    ) rethrows -> String? {
        for index in texts(in: parts).prefix(mostParts) {
            let part = parts.parts[index]
            let most = part.subtype == "html" ? mostBytesOfHTML : mostBytes
            guard let bytes = try read(part.body.lowerBound..<min(part.body.upperBound, part.body.lowerBound + most))
            else { return nil }
            let text = preview(of: part, bytes)
            if !text.isEmpty { return text }
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

    private static func preview(of part: PartIndex.Part, _ bytes: [UInt8]) -> String {
        let decoded = part.encoding == .identity ? bytes : TransferDecoder.decode(bytes, part.encoding)
        let text = Charset.decode(decoded, charset: part.charset)
        if part.subtype == "html" || looksLikeHTML(text) { return oneLine(HTMLText.plain(body(ofHTML: text))) }
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        let own = oneLine(ownText(lines))
        return own.isEmpty && !text.contains("-----BEGIN PGP MESSAGE-----") ? oneLine(text) : own
    }

    /// Some senders put HTML into the plain part too.
    private static func looksLikeHTML(_ text: String) -> Bool {
        let start = text.utf8.drop { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0d) }.prefix(9)
        let word = String(decoding: start.map(\.asciiLowercased), as: UTF8.self)
        return word == "<!doctype" || word.hasPrefix("<html")
    }

    /// Without the head, whose title is not text of the message.
    private static func body(ofHTML html: String) -> String {
        let bytes = Array(html.utf8)
        var from = 0
        while let found = ByteSearch.firstIndex(of: UInt8(ascii: "<"), in: bytes.span, from: from) {
            if bytes[found...].prefix(5).elementsEqual("<body".utf8, by: { $0.asciiLowercased == $1 }) {
                return String(decoding: bytes[found...], as: UTF8.self)
            }
            from = found + 1
        }
        return html
    }

    /// What its sender wrote into a plain text: without quoted lines and the line that introduces them, without a
    /// signature, and of a signed text without its armour; of an encrypted one nothing.
    private static func ownText(_ lines: [Substring]) -> String {
        var kept: [Substring] = []
        var isArmourHead = false
        for line in lines {
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
        return kept.joined(separator: "\n")
    }

    /// White space runs are one space, invisible characters are gone, and at most `longest` characters are left.
    private static func oneLine(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        var count = 0
        var isAfterSpace = true
        for scalar in text.unicodeScalars {
            guard count < longest else { break }
            if scalar.properties.isWhitespace || isControl(scalar) {
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
        return String(result)
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
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
