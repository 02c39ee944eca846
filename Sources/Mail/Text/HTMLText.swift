// The readable text of HTML, for searching: no browser, only its words.

/// Takes tags, comments, scripts and styles out of HTML and decodes character references. One pass, no nesting, no
/// memory but the text.
package enum HTMLText {
    /// Tags become spaces, except those within words (`<b>`, `<span>` …), which vanish.
    package static func plain(_ html: String) -> String {
        var stripper = Stripper(bytes: Array(html.utf8))
        stripper.run()
        return String(decoding: stripper.output, as: UTF8.self)
    }

    private struct Stripper {
        let bytes: [UInt8]
        var output: [UInt8] = []
        private var position = 0
        /// No such end stands behind the place at hand; it is not looked for again.
        private var exhausted: Set<[UInt8]> = []

        init(bytes: [UInt8]) {
            self.bytes = bytes
            output.reserveCapacity(bytes.count / 2)
        }

        mutating func run() {
            while position < bytes.count {
                switch bytes[position] {
                case UInt8(ascii: "<"): tag()
                case UInt8(ascii: "&"): reference()
                default:
                    var end = position + 1
                    while end < bytes.count, bytes[end] != UInt8(ascii: "<"), bytes[end] != UInt8(ascii: "&") {
                        end += 1
                    }
                    output += bytes[position..<end]
                    position = end
                }
            }
        }

        private mutating func tag() {
            if starts(with: "<!--") { return skip(past: Array("-->".utf8)) }
            var index = position + 1
            let isEnd = index < bytes.count && bytes[index] == UInt8(ascii: "/")
            if isEnd { index += 1 }
            let start = index
            while index < bytes.count, index - start < 16, bytes[index].isASCIILetter || bytes[index].isASCIIDigit {
                index += 1
            }
            let isMarkup = index > start || index < bytes.count && (bytes[index] == 0x21 || bytes[index] == 0x3f)
            guard isMarkup else {
                output.append(bytes[position])
                position += 1
                return
            }
            let name = String(decoding: bytes[start..<index].map(\.asciiLowercased), as: UTF8.self)
            position = index
            skip(past: [UInt8(ascii: ">")])
            if !HTMLText.inline.contains(name) { output.append(0x20) }
            if !isEnd, name == "script" || name == "style" {
                skip(past: Array("</\(name)".utf8))
                skip(past: [UInt8(ascii: ">")])
            }
        }

        private func starts(with text: String) -> Bool { bytes[position...].starts(with: text.utf8) }

        /// Without regard to ASCII case; to the end when it does not come.
        private mutating func skip(past end: [UInt8]) {
            guard !exhausted.contains(end), let first = end.first else {
                position = bytes.count
                return
            }
            while let found = ByteSearch.firstIndex(of: first, in: bytes.span, from: position) {
                position = found + 1
                guard bytes.count - found >= end.count else { break }
                if zip(bytes[found...], end).allSatisfy({ $0.asciiLowercased == $1 }) {
                    position = found + end.count
                    return
                }
            }
            exhausted.insert(end)
            position = bytes.count
        }

        /// `&amp;`, `&#233;`, `&#xe9;`; anything else stays as it is.
        private mutating func reference() {
            let end = bytes[position...].prefix(12).firstIndex(of: UInt8(ascii: ";"))
            guard let end, let scalar = HTMLText.scalar(bytes[(position + 1)..<end]) else {
                output.append(bytes[position])
                position += 1
                return
            }
            output.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            position = end + 1
        }
    }

    private static let inline: Set<String> = [
        "a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "em", "font", "i", "ins", "mark", "q", "s", "small",
        "span", "strike", "strong", "sub", "sup", "tt", "u", "wbr",
    ]

    private static let named: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "shy": "\u{ad}", "euro": "€",
        "hellip": "…", "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "ldquo": "“", "rdquo": "”",
        "laquo": "«", "raquo": "»", "copy": "©", "reg": "®", "trade": "™", "auml": "ä", "ouml": "ö", "uuml": "ü",
        "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "eacute": "é", "egrave": "è", "ecirc": "ê", "agrave": "à",
        "aacute": "á", "acirc": "â", "ccedil": "ç", "iacute": "í", "oacute": "ó", "uacute": "ú", "ntilde": "ñ",
        "aring": "å", "Aring": "Å", "oslash": "ø", "Oslash": "Ø", "aelig": "æ", "AElig": "Æ", "Eacute": "É",
    ]

    private static func scalar(_ name: ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard name.first == UInt8(ascii: "#") else { return named[String(decoding: name, as: UTF8.self)] }
        let digits = name.dropFirst()
        let isHexadecimal = digits.first?.asciiLowercased == UInt8(ascii: "x")
        let text = String(decoding: isHexadecimal ? digits.dropFirst() : digits, as: UTF8.self)
        guard let value = UInt32(text, radix: isHexadecimal ? 16 : 10), value >= 0x20 else { return nil }
        return Unicode.Scalar(value)
    }
}
