// Comparing text without regard to case: keys by i;unicode-casemap, the one folding of SEARCH, its index and SORT.
//
// Theory. RFC 5051 §2 takes each character to its title case and decomposes that, compatibility decompositions too.
// Here both are done again until nothing changes, and where title case is no single character upper case stands in for
// it: texts that RFC 5051 holds to be equal have equal keys, and so have `ß` and `ss`, `ﬁ` and `fi`. A character's key
// depends on nothing around it; so a text holds another when its key holds the other's, and texts may be folded in
// pieces. What folding changes lies in tables that are made when first needed: an array for what is common, a
// dictionary for the rest, both of ranges in one array of bytes.

/// i;unicode-casemap (RFC 5051), by which a server of I18NLEVEL=1 compares (RFC 5255 §4.3).
package enum CaseFolding {
    /// The key in UTF-8: texts are equal, or one holds the other, when that is true of their keys. Linear.
    package static func fold(_ text: String) -> [UInt8] {
        let bytes = asciiUppercased(Array(text.utf8))
        guard var index = bytes.firstIndex(where: { $0 >= 0x80 }) else { return bytes }
        var key: [UInt8] = []
        key.reserveCapacity(bytes.count + bytes.count / 8)
        key += bytes[..<index]
        while index < bytes.count {
            let byte = bytes[index]
            if byte < 0x80 {
                var end = index + 1
                while end < bytes.count, bytes[end] < 0x80 { end += 1 }
                key += bytes[index..<end]
                index = end
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

    /// The key of text that is all ASCII. Without branches, so that the compiler takes many bytes at once.
    static func asciiUppercased(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for index in bytes.indices {
            let byte = bytes[index]
            bytes[index] = byte &- (byte &- 0x61 < 26 ? 0x20 : 0)
        }
        return bytes
    }

    /// A number that changes with the tables, as Unicode grows: keys that are kept are comparable while it stays.
    package static var version: Int64 { Tables.all.hash }

    private static func append(scalarIn bytes: ArraySlice<UInt8>, to key: inout [UInt8]) {
        var value = UInt32(bytes.first ?? 0)
        value &= bytes.count == 4 ? 0x07 : bytes.count == 3 ? 0x0f : 0x1f
        for byte in bytes.dropFirst() { value = value << 6 | UInt32(byte & 0x3f) }
        if (0xac00...0xd7a3).contains(value) {
            appendSyllable(value - 0xac00, to: &key)
        } else if let folded = Tables.all.folded(value) {
            key.append(contentsOf: folded)
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

    /// U+1100 ... U+11C2: three bytes.
    private static func appendJamo(_ value: UInt32, to key: inout [UInt8]) {
        key.append(0xe1)
        key.append(0x80 | UInt8(truncatingIfNeeded: value >> 6 & 0x3f))
        key.append(0x80 | UInt8(truncatingIfNeeded: value & 0x3f))
    }
}

/// What each character becomes; characters that stay are not in it.
private struct Tables: Sendable {
    static let all = Tables()

    /// Where case and decompositions are found in Unicode beside Hangul.
    private static let lowRange: Range<UInt32> = 0..<0x3400
    private static let highRanges: [Range<UInt32>] = [
        0xa640..<0xa800, 0xab30..<0xabc0, 0xf900..<0x10000, 0x10400..<0x10500, 0x10570..<0x105c0, 0x10780..<0x107c0,
        0x10c80..<0x10d00, 0x10d50..<0x10d90, 0x11080..<0x11400, 0x11480..<0x115c0, 0x118a0..<0x11940,
        0x16120..<0x16130, 0x16d60..<0x16d70, 0x16e40..<0x16ee0, 0x1ccd0..<0x1cd00, 0x1d150..<0x1d1d0,
        0x1d400..<0x1d800, 0x1df00..<0x1e0a0, 0x1e900..<0x1e950, 0x1ee00..<0x1ef00, 0x1f100..<0x1f270,
        0x1fbf0..<0x1fbfa, 0x2f800..<0x2fa20,
    ]

    /// All keys one after the other.
    private var bytes: [UInt8] = []
    /// By scalar value: where its key begins, times 256, and how long it is; 0 where nothing changes.
    private var low: [UInt32]
    private var high: [UInt32: UInt32] = [:]

    private init() {
        low = [UInt32](repeating: 0, count: Self.lowRange.count)
        for (value, key) in Self.folded(Self.lowRange) { low[Int(value)] = place(key) }
        for range in Self.highRanges {
            for (value, key) in Self.folded(range) { high[value] = place(key) }
        }
    }

    /// FNV-1a over all that changes and what it becomes.
    var hash: Int64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in bytes { add(byte) }
        for value in low.indices where low[value] != 0 { add(UInt8(truncatingIfNeeded: value)) }
        for value in high.keys.sorted() { add(UInt8(truncatingIfNeeded: value)) }
        return Int64(bitPattern: hash)
    }

    private mutating func place(_ key: [UInt8]) -> UInt32 {
        defer { bytes += key }
        return UInt32(bytes.count) << 8 | UInt32(key.count)
    }

    /// nil when the character stays as it is.
    func folded(_ value: UInt32) -> ArraySlice<UInt8>? {
        let place: UInt32
        if value < UInt32(low.count) {
            place = low[Int(value)]
        } else {
            // Nothing in the ideographs and their like changes.
            guard value >= 0xa640, let found = high[value] else { return nil }
            place = found
        }
        guard place != 0 else { return nil }
        let start = Int(place >> 8)
        return bytes[start..<(start + Int(place & 0xff))]
    }

    /// Every scalar of a range that folding changes. All of them are decomposed in one call, which costs the least.
    private static func folded(_ range: Range<UInt32>) -> [(UInt32, [UInt8])] {
        let scalars = range.compactMap { $0 < 0x80 ? nil : Unicode.Scalar($0) }
        // A NUL between them keeps neighbours from composing or changing places.
        var text = scalars.map { String($0) }.joined(separator: "\0")
        // Some marks, and some letters that others decompose to, have a case of their own.
        for _ in 0..<3 { text = titled(text).normalizedToNFKD }
        let decomposed = text.utf8.split(separator: 0, omittingEmptySubsequences: false)
        guard decomposed.count == scalars.count else { return [] }
        return zip(scalars, decomposed).compactMap { scalar, folded in
            folded.isEmpty || folded.elementsEqual(String(scalar).utf8) ? nil : (scalar.value, Array(folded))
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
