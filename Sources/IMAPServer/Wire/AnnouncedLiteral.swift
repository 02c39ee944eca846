// The announcement of a literal at the end of a line: `{310}` or `{310+}`.

import NIOCore

/// What a line says of the literal that follows it (RFC 7888 §8).
struct AnnouncedLiteral: Hashable {
    /// nil when it is beyond 63 bits.
    var size: UInt64?
    /// False for `{n+}`: the client sends it without being asked to.
    var synchronizing: Bool
    /// The offset of its `{`, counted from `base`.
    var brace: Int

    // RFC 7888 §8: literal = "{" number ["+"] "}" CRLF *CHAR8
    /// - Parameters:
    ///   - line: the fragment of a command, without its CRLF.
    ///   - base: the index from which `brace` counts.
    /// - Returns: nil when the line ends in anything else.
    init?(line: ByteBufferView, base: Int) {
        var rest = line
        guard rest.popLast() == UInt8(ascii: "}") else { return nil }
        synchronizing = rest.last != UInt8(ascii: "+")
        if !synchronizing { rest.removeLast() }
        let digits = rest.suffix(while: { $0 >= 0x30 && $0 <= 0x39 })
        rest.removeLast(digits.count)
        guard !digits.isEmpty, rest.last == UInt8(ascii: "{") else { return nil }
        brace = rest.endIndex - 1 - base
        size = digits.reduce(0) { AnnouncedLiteral.appending($1 &- 0x30, to: $0) }
    }

    /// nil once it overflows.
    private static func appending(_ digit: UInt8, to number: UInt64?) -> UInt64? {
        guard let number else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
        return overflow || carry || sum > UInt64(Int64.max) ? nil : sum
    }
}

extension BidirectionalCollection {
    /// The longest end of which every element satisfies `predicate`.
    fileprivate func suffix(while predicate: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, predicate(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
