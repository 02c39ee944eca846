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
        var result: [UInt8] = []
        // What continues no field belongs to no field that was named.
        var keeps = not
        var isEnded = !not
        var start = 0
        while start < header.count {
            let end = ByteSearch.firstIndex(of: 0x0a, in: header.span, from: start).map { $0 + 1 } ?? header.count
            let line = header[start..<end]
            start = end
            guard let first = line.first, first != 0x0a, line.count != 2 || !line.elementsEqual([0x0d, 0x0a]) else {
                isEnded = true
                break
            }
            if first != 0x20, first != 0x09 {
                keeps = names.contains(name(of: line)) != not
            }
            if keeps { result += line }
        }
        if isEnded, let last = result.last, last != 0x0a { result += [0x0d, 0x0a] }
        return isEnded ? result + [0x0d, 0x0a] : result
    }

    /// Before the colon, without the white space that some put there, in lower case.
    private static func name(of line: ArraySlice<UInt8>) -> [UInt8] {
        var name = line.prefix { $0 != UInt8(ascii: ":") }
        while let last = name.last, last == 0x20 || last == 0x09 || last == 0x0d || last == 0x0a { name.removeLast() }
        return name.map(\.asciiLowercased)
    }
}
