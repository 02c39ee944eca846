// A part's header after its body was given another transfer encoding.

package enum TransferHeader {
    /// The header with `Content-Transfer-Encoding: base64` in place of what it said of the encoding, all else as it is.
    /// - Parameters:
    ///   - header: a part's, with the empty line that ends it.
    ///   - isMessage: it is a message's own: MIME-Version is added if it is missing (RFC 2045 §4).
    package static func base64(_ header: [UInt8], isMessage: Bool) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(header.count + 80)
        let fields = HeaderFields(header)
        var hasVersion = false
        var start = 0
        for field in fields {
            if fields.isNamed(Array("mime-version".utf8), field) { hasVersion = true }
            guard fields.isNamed(Array("content-transfer-encoding".utf8), field) else { continue }
            result += header[start..<field.name.lowerBound]
            start = endOfLine(header, after: field.value.upperBound)
        }
        let end = max(start, endOfFields(header))
        result += header[start..<end]
        if result.last != 0x0a, !result.isEmpty { result += [0x0d, 0x0a] }
        if isMessage, !hasVersion { result += Array("MIME-Version: 1.0\r\n".utf8) }
        result += Array("Content-Transfer-Encoding: base64\r\n".utf8)
        return result + (end < header.count ? Array(header[end...]) : [0x0d, 0x0a])
    }

    private static func endOfLine(_ bytes: [UInt8], after index: Int) -> Int {
        ByteSearch.firstIndex(of: 0x0a, in: bytes.span, from: index).map { $0 + 1 } ?? bytes.count
    }

    /// Where the empty line begins; the end when there is none.
    private static func endOfFields(_ header: [UInt8]) -> Int {
        guard header.last == 0x0a else { return header.count }
        var start = header.count - 1
        if start > 0, header[start - 1] == 0x0d { start -= 1 }
        return start == 0 || header[start - 1] == 0x0a ? start : header.count
    }
}
