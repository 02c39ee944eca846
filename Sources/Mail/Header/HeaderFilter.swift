// HEADER.FIELDS and HEADER.FIELDS.NOT: some fields of a header block, as they stand.

/// RFC 3501 §6.4.5: chosen fields of a header, folded lines and all, and the empty line that ends them.
package enum HeaderFilter {
    /// - Parameters:
    ///   - header: a header block, with or without its empty line.
    ///   - fields: field names, compared without regard to ASCII case.
    ///   - not: keep the other fields instead.
    /// - Returns: ends with an empty line, but for the other fields of a header that has none (no empty line and no
    ///   body).
    package static func filter(_ header: [UInt8], fields: [String], not: Bool) -> [UInt8] {
        let names = Set(fields.map { Array($0.asciiLowercased.utf8) })
        let longest = names.map(\.count).max() ?? 0
        var result: [UInt8] = []
        // What continues no field belongs to no field that was named.
        var keeps = not
        var isEnded = !not
        var start = 0
        while start < header.count {
            let end = ByteSearch.firstIndex(of: 0x0a, in: header.span, from: start).map { $0 + 1 } ?? header.count
            let line = header[start..<end]
            start = end
            if isEmpty(line) {
                isEnded = true
                break
            }
            if line.first != 0x20, line.first != 0x09 {
                keeps = (name(of: line, atMost: longest).map(names.contains) ?? false) != not
            }
            if keeps { result += line }
        }
        if isEnded, let last = result.last, last != 0x0a { result += [0x0d, 0x0a] }
        return isEnded ? result + [0x0d, 0x0a] : result
    }

    /// The empty line that ends a header.
    static func isEmpty(_ line: ArraySlice<UInt8>) -> Bool {
        guard let first = line.first, first != 0x0a else { return true }
        return first == 0x0d && line.count == 2 && line.last == 0x0a
    }

    /// Before the colon, without the white space that some put there, in lower case; nil when it is longer.
    static func name(of line: ArraySlice<UInt8>, atMost longest: Int) -> [UInt8]? {
        var end = ByteSearch.firstIndex(of: UInt8(ascii: ":"), in: line.span, from: 0) ?? line.count
        end += line.startIndex
        while end > line.startIndex, isSpace(line[end - 1]) { end -= 1 }
        guard end - line.startIndex <= longest else { return nil }
        return line[line.startIndex..<end].map(\.asciiLowercased)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0d || byte == 0x0a }
}
