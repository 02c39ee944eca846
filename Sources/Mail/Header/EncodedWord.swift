// Encoded words: how other charsets than ASCII stand in header fields (RFC 2047).

/// Decodes `=?charset?B?…?=` and `=?charset?Q?…?=` in unstructured text, and what raw 8-bit text stands around them.
package enum EncodedWord {
    /// On one line: control characters become spaces. Words that follow each other directly are joined before their
    /// charset is decoded, since some senders cut characters in two. Broken words stay as they are. Linear.
    package static func decode(_ text: [UInt8]) -> String {
        guard text.contains(where: { $0 >= 0x7f || $0 < 0x20 || $0 == UInt8(ascii: "=") }) else {
            return String(decoding: text, as: UTF8.self)
        }
        var decoder = Decoder(text)
        decoder.run()
        return withoutControls(decoder.output)
    }

    private static func withoutControls(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return text }
        return String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7f ? " " : $0 }))
    }

    private struct Decoder {
        let text: [UInt8]
        var output = ""
        /// What plain text has not been written yet.
        private var plainStart = 0
        /// Decoded bytes of the words so far, all in `charset`.
        private var pending: [UInt8] = []
        private var charset = ""
        /// No `?=` stands behind this place.
        private var hasNoMoreEnds = false

        init(_ text: [UInt8]) { self.text = text }

        mutating func run() {
            var index = 0
            while let equals = ByteSearch.firstIndex(of: UInt8(ascii: "="), in: text.span, from: index) {
                guard let word = word(at: equals) else {
                    index = equals + 1
                    continue
                }
                let follows = !pending.isEmpty && isSpace(plainStart, equals)
                if !follows { flush(plainTo: equals) }
                if follows, charset != word.charset { flushPending() }
                charset = word.charset
                pending += word.bytes
                plainStart = word.end
                index = word.end
            }
            flush(plainTo: text.count)
        }

        private func isSpace(_ start: Int, _ end: Int) -> Bool {
            for index in start..<max(start, end) where !StructuredLexer.isSpace(text[index]) { return false }
            return true
        }

        private mutating func flushPending() {
            guard !pending.isEmpty else { return }
            output += Charset.decode(pending, charset: charset)
            pending.removeAll(keepingCapacity: true)
        }

        private mutating func flush(plainTo end: Int) {
            flushPending()
            if end > plainStart { output += Charset.decode(Array(text[plainStart..<end]), charset: nil) }
        }

        private struct Word {
            var charset: String
            var bytes: [UInt8]
            var end: Int
        }

        /// `=?charset*language?encoding?text?=`
        private mutating func word(at start: Int) -> Word? {
            guard !hasNoMoreEnds, start + 1 < text.count, text[start + 1] == UInt8(ascii: "?") else { return nil }
            var index = start + 2
            while index < text.count, index - start <= 80, text[index] != UInt8(ascii: "?"), text[index] > 0x20 {
                index += 1
            }
            guard index > start + 2, index + 2 < text.count, text[index] == UInt8(ascii: "?"),
                text[index + 2] == UInt8(ascii: "?")
            else { return nil }
            let charset = text[(start + 2)..<index].prefix { $0 != UInt8(ascii: "*") }
            guard let end = endOfText(from: index + 3) else { return nil }
            let encoded = text[(index + 3)..<end]
            let bytes: [UInt8]
            switch text[index + 1].asciiLowercased {
            case UInt8(ascii: "b"): bytes = TransferDecoder.decode(Array(encoded), .base64)
            case UInt8(ascii: "q"): bytes = EncodedWord.decodeQ(encoded)
            default: return nil
            }
            return Word(charset: String(decoding: charset, as: UTF8.self).asciiLowercased, bytes: bytes, end: end + 2)
        }

        /// The place of the `?=` that ends a word; nil when another word begins before it.
        private mutating func endOfText(from start: Int) -> Int? {
            var index = start
            while index + 1 < text.count {
                if text[index] == UInt8(ascii: "?"), text[index + 1] == UInt8(ascii: "=") { return index }
                if text[index] == UInt8(ascii: "="), text[index + 1] == UInt8(ascii: "?"),
                    index + 2 >= text.count || text[index + 2] != UInt8(ascii: "=")
                {
                    return nil
                }
                index += 1
            }
            hasNoMoreEnds = true
            return nil
        }
    }

    /// The Q encoding (RFC 2047 §4.2): `_` is a space, `=XX` a byte.
    private static func decodeQ(_ text: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            if byte == UInt8(ascii: "="), text.endIndex - index > 2, let high = Hexadecimal.value(of: text[index + 1]),
                let low = Hexadecimal.value(of: text[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(byte == UInt8(ascii: "_") ? 0x20 : byte)
                index += 1
            }
        }
        return result
    }
}
