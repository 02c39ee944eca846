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
        guard let first = bytes.firstIndex(where: { $0 >= 0x80 }) else { return bytes }
        var key: [UInt8] = []
        key.reserveCapacity(bytes.count + bytes.count / 8)
        key += bytes[..<first]
        Tables.all.append(bytes.span, from: first, to: &key)
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
    /// Bytes of a key for each byte of text, at most. A syllable becomes three characters.
    private var mostGrowth = 3

    private init() {
        low = [UInt32](repeating: 0, count: Self.lowRange.count)
        for (value, key) in Self.folded(Self.lowRange) { low[Int(value)] = place(key, of: value) }
        for range in Self.highRanges {
            for (value, key) in Self.folded(range) { high[value] = place(key, of: value) }
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

    private mutating func place(_ key: [UInt8], of value: UInt32) -> UInt32 {
        defer { bytes += key }
        let length = value < 0x800 ? 2 : value < 0x1_0000 ? 3 : 4
        mostGrowth = max(mostGrowth, (key.count + length - 1) / length)
        return UInt32(bytes.count) << 8 | UInt32(key.count)
    }

    /// Bytes of text for whose key room is made at once.
    private static let block = 512

    /// Adds the key of valid UTF-8 whose ASCII is in upper case already.
    func append(_ text: Span<UInt8>, from start: Int, to key: inout [UInt8]) {
        let (low, keys) = (low.span, bytes.span)
        var index = start
        while index < text.count {
            let end = min(text.count, index + Tables.block)
            // The last character of a block may reach beyond it, by three bytes.
            key.append(addingCapacity: (end - index + 3) * mostGrowth) { key in
                while index < end {
                    if text[index] < 0x80 {
                        key.append(text[index])
                        index += 1
                        continue
                    }
                    let (value, next) = Tables.scalar(in: text, at: index)
                    let found = place(of: value, low)
                    if found != 0 {
                        let start = Int(found >> 8)
                        for byte in start..<(start + Int(found & 0xff)) { key.append(keys[byte]) }
                    } else if Tables.syllables.contains(value) {
                        Tables.appendSyllable(value - Tables.syllables.lowerBound, to: &key)
                    } else {
                        for byte in index..<next { key.append(text[byte]) }
                    }
                    index = next
                }
            }
        }
    }

    /// The character beyond ASCII that begins there, and where the next one does. Lengths are right in valid text; the
    /// bounds are checked all the same.
    @inline(__always)
    private static func scalar(in text: Span<UInt8>, at index: Int) -> (value: UInt32, next: Int) {
        let byte = text[index]
        let length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
        let next = min(text.count, index + length)
        var value = UInt32(byte & (length == 4 ? 0x07 : length == 3 ? 0x0f : 0x1f))
        for index in (index + 1)..<max(index + 1, next) { value = value &<< 6 | UInt32(text[index] & 0x3f) }
        return (value, next)
    }

    /// Where the key of a character is; 0 when it stays as it is, as all ideographs do.
    @inline(__always)
    private func place(of value: UInt32, _ low: Span<UInt32>) -> UInt32 {
        if value < UInt32(low.count) { return low[Int(value)] }
        return value < 0xa640 || Tables.syllables.contains(value) ? 0 : high[value] ?? 0
    }

    /// Hangul syllables decompose by arithmetic.
    private static let syllables: ClosedRange<UInt32> = 0xac00...0xd7a3

    private static func appendSyllable(_ syllable: UInt32, to key: inout OutputSpan<UInt8>) {
        let final = syllable % 28
        appendJamo(0x1100 + syllable / 588, to: &key)
        appendJamo(0x1161 + syllable % 588 / 28, to: &key)
        if final > 0 { appendJamo(0x11a7 + final, to: &key) }
    }

    /// U+1100 ... U+11C2: three bytes.
    private static func appendJamo(_ value: UInt32, to key: inout OutputSpan<UInt8>) {
        key.append(0xe1)
        key.append(0x80 | UInt8(truncatingIfNeeded: value >> 6 & 0x3f))
        key.append(0x80 | UInt8(truncatingIfNeeded: value & 0x3f))
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
