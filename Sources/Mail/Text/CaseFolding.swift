// Comparing text without regard to case, as SEARCH does: keys by i;unicode-casemap.

/// i;unicode-casemap (RFC 5051): title case, then canonical decomposition, one character at a time. `É` and `é`,
/// written as one character or as two, have the same key; `ß` has that of `ss`.
package enum CaseFolding {
    /// The key in UTF-8: texts are equal, or one holds the other, when that is true of their keys. Linear.
    package static func fold(_ text: String) -> [UInt8] {
        let bytes = Array(text.utf8)
        var key: [UInt8] = []
        key.reserveCapacity(bytes.count + bytes.count / 8)
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                key.append(byte.asciiUppercased)
                index += 1
                continue
            }
            // A String's UTF-8 is valid, so the lengths are right; the bounds are checked all the same.
            let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
            let end = min(bytes.count, index + length)
            append(scalarIn: bytes[index..<end], to: &key)
            index = end
        }
        return key
    }

    private static func append(scalarIn bytes: ArraySlice<UInt8>, to key: inout [UInt8]) {
        var value = UInt32(bytes.first ?? 0)
        value &= bytes.count == 4 ? 0x07 : bytes.count == 3 ? 0x0f : 0x1f
        for byte in bytes.dropFirst() { value = value << 6 | UInt32(byte & 0x3f) }
        if (0xac00...0xd7a3).contains(value) {
            appendSyllable(value - 0xac00, to: &key)
        } else if value < UInt32(low.count) {
            let folded = low[Int(value)]
            if folded.isEmpty { key.append(contentsOf: bytes) } else { key += folded }
        } else if let folded = high[value] {
            key += folded
        } else {
            key.append(contentsOf: bytes)
        }
    }

    /// Hangul syllables decompose by arithmetic.
    private static func appendSyllable(_ syllable: UInt32, to key: inout [UInt8]) {
        let final = syllable % 28
        appendJamo(0x1100 + syllable / 588, to: &key)
        appendJamo(0x1161 + syllable % 588 / 28, to: &key)
        if final > 0 { appendJamo(0x11a7 + final, to: &key) }
    }

    private static func appendJamo(_ value: UInt32, to key: inout [UInt8]) {
        guard let scalar = Unicode.Scalar(value) else { return }
        key.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }

    // MARK: Tables

    /// Where case and canonical decompositions are found in Unicode beside Hangul.
    private static let lowRange: Range<UInt32> = 0..<0x3400
    private static let highRanges: [Range<UInt32>] = [
        0xa640..<0xa800, 0xab30..<0xabc0, 0xf900..<0xfb50, 0xff21..<0xff5b, 0x10400..<0x10500, 0x10570..<0x105c0,
        0x10c80..<0x10d00, 0x11080..<0x11150, 0x118a0..<0x118e0, 0x16e40..<0x16e80, 0x1d150..<0x1d1d0,
        0x1e900..<0x1e950, 0x2f800..<0x2fa20,
    ]

    /// By scalar value; empty where nothing changes.
    private static let low: [[UInt8]] = {
        var table = [[UInt8]](repeating: [], count: lowRange.count)
        for (value, folded) in folded(lowRange) { table[Int(value)] = folded }
        return table
    }()
    private static let high: [UInt32: [UInt8]] = Dictionary(
        highRanges.flatMap { folded($0) }, uniquingKeysWith: { first, _ in first })

    /// Every scalar of a range that folding changes. All of them are decomposed in one call, which costs the least.
    private static func folded(_ range: Range<UInt32>) -> [(UInt32, [UInt8])] {
        let scalars = range.compactMap { $0 < 0x80 ? nil : Unicode.Scalar($0) }
        // A NUL between them keeps neighbours from composing or changing places. Some marks have a case of their own.
        let decomposed = titled(titled(scalars.map { String($0) }.joined(separator: "\0")).normalizedToNFD)
            .normalizedToNFD.utf8.split(separator: 0, omittingEmptySubsequences: false)
        guard decomposed.count == scalars.count else { return [] }
        return zip(scalars, decomposed).compactMap { scalar, folded in
            folded.elementsEqual(String(scalar).utf8) ? nil : (scalar.value, Array(folded))
        }
    }

    /// Every character in its title case where that is one character, else in upper case.
    private static func titled(_ text: String) -> String {
        text.unicodeScalars.reduce(into: "") { result, scalar in
            let title = scalar.properties.titlecaseMapping
            result += title.unicodeScalars.count == 1 ? title : scalar.properties.uppercaseMapping
        }
    }
}
