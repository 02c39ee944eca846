// Line ends of mail: bare LF becomes CRLF while bytes stream by.

/// Streams bytes to CRLF line ends: a bare LF gets its CR, CRLF stays, a lone CR stays.
package struct LineEndings: Sendable {
    private var lastWasCR = false

    package init() {}

    /// The next bytes, converted and appended to `output`.
    package mutating func toCRLF(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        var start = 0
        while start < bytes.count {
            guard let feed = ByteSearch.firstIndex(of: 0x0a, in: bytes, from: start) else { break }
            output.append(contentsOf: bytes, from: start, to: feed)
            let hasCR = feed > 0 ? bytes[feed - 1] == 0x0d : lastWasCR
            if !hasCR { output.append(0x0d) }
            output.append(0x0a)
            start = feed + 1
        }
        output.append(contentsOf: bytes, from: start, to: bytes.count)
        if bytes.count > 0 { lastWasCR = bytes[bytes.count - 1] == 0x0d }
    }

    /// The next bytes, converted.
    package mutating func toCRLF(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 32)
        toCRLF(bytes.span, into: &output)
        return output
    }
}
