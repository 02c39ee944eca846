// The readable text of HTML, for searching: no browser, only its words.

/// Takes tags, comments, scripts and styles out of HTML and decodes character references. One pass, no nesting, no
/// memory but the text.
package enum HTMLText {
    /// Tags become spaces, except those within words (`<b>`, `<span>` …), which vanish.
    package static func plain(_ html: String) -> String {
        String(decoding: plain(Array(html.utf8)), as: UTF8.self)
    }

    /// The same of bytes in UTF-8.
    static func plain(_ html: [UInt8]) -> [UInt8] {
        var stripper = Stripper(bytes: html)
        stripper.run()
        return stripper.output
    }

    /// True only when the text has the pattern in one piece, between two tags or character references.
    /// - Parameters:
    ///   - bytes: HTML in a charset that writes ASCII as ASCII.
    ///   - range: what of them is looked at.
    ///   - isWhole: the HTML ends with the range; otherwise what stands there may go on.
    static func holds(_ pattern: CaselessPattern, in bytes: [UInt8], _ range: Range<Int>, isWhole: Bool) -> Bool {
        var stripper = Stripper(bytes: bytes, range, seeking: pattern, isWhole: isWhole)
        stripper.run()
        return stripper.isFound
    }

    private struct Stripper {
        /// The longest character reference.
        static let longestReference = 12

        let bytes: [UInt8]
        /// Where the HTML ends.
        private let end: Int
        var output: [UInt8] = []
        /// Text that is looked for instead of being put out, up to a place.
        private let sought: (pattern: CaselessPattern, until: Int)?
        private(set) var isFound = false
        private var position = 0
        /// No such end stands behind the place at hand; it is not looked for again.
        private var exhausted: Set<[UInt8]> = []

        init(bytes: [UInt8]) {
            self.bytes = bytes
            end = bytes.count
            sought = nil
            output.reserveCapacity(bytes.count / 2)
        }

        /// What is cut off may make a reference of the last bytes: they are not looked at.
        init(bytes: [UInt8], _ range: Range<Int>, seeking pattern: CaselessPattern, isWhole: Bool) {
            let range = range.clamped(to: 0..<bytes.count)
            self.bytes = bytes
            end = range.upperBound
            sought = (pattern, isWhole ? range.upperBound : range.upperBound - Stripper.longestReference)
            position = range.lowerBound
        }

        mutating func run() {
            while position < end, !isFound {
                switch bytes[position] {
                case UInt8(ascii: "<"): tag()
                case UInt8(ascii: "&"): reference()
                default:
                    let next = ByteSearch.firstIndex(
                        of: UInt8(ascii: "<"), or: UInt8(ascii: "&"), in: bytes.span, (position + 1)..<end)
                    text(position..<(next ?? end))
                    position = next ?? end
                }
            }
        }

        /// A run of text without markup.
        private mutating func text(_ run: Range<Int>) {
            guard let sought else {
                output += bytes[run]
                return
            }
            guard min(run.upperBound, sought.until) > run.lowerBound else { return }
            // What is too hard to look for is left to those who decode.
            if case .found = sought.pattern.find(in: bytes.span, run.lowerBound..<min(run.upperBound, sought.until)) {
                isFound = true
            }
        }

        private mutating func tag() {
            if starts(with: "<!--") { return skip(past: Array("-->".utf8)) }
            var index = position + 1
            let isEnd = index < end && bytes[index] == UInt8(ascii: "/")
            if isEnd { index += 1 }
            let start = index
            while index < end, index - start < 16, bytes[index].isASCIILetter || bytes[index].isASCIIDigit {
                index += 1
            }
            let isMarkup = index > start || index < end && (bytes[index] == 0x21 || bytes[index] == 0x3f)
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

        private func starts(with text: String) -> Bool { bytes[position..<end].starts(with: text.utf8) }

        /// Without regard to ASCII case; to the end when it does not come.
        private mutating func skip(past end: [UInt8]) {
            guard !exhausted.contains(end), let first = end.first else {
                position = self.end
                return
            }
            while let found = ByteSearch.firstIndex(of: first, in: bytes.span, from: position, to: self.end) {
                position = found + 1
                guard self.end - found >= end.count else { break }
                if zip(bytes[found...], end).allSatisfy({ $0.asciiLowercased == $1 }) {
                    position = found + end.count
                    return
                }
            }
            exhausted.insert(end)
            position = self.end
        }

        /// `&amp;`, `&#233;`, `&#xe9;`; anything else stays as it is.
        private mutating func reference() {
            let end = bytes[position..<self.end].prefix(Stripper.longestReference)
                .firstIndex(of: UInt8(ascii: ";"))
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
