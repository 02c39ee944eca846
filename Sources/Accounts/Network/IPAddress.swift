// IP addresses as values: read, compared, shown (RFC 4291 §2.2, RFC 5952).

/// An IPv4 or IPv6 address; an IPv4 address in IPv6's clothes (`::ffff:192.0.2.1`) is the IPv4 address.
package struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    static let mappedPrefix: UInt128 = 0xffff_0000_0000
    /// The 128 bits; IPv4 stands below `::ffff:0:0`.
    let bits: UInt128

    init(bits: UInt128) { self.bits = bits }

    package var isIPv4: Bool { bits & ~0xffff_ffff == Self.mappedPrefix }

    /// 127.0.0.0/8 and ::1.
    package var isLoopback: Bool { isIPv4 ? bits >> 24 & 0xff == 127 : bits == 1 }

    /// Reads an address without port or brackets; a zone (`fe80::1%eth0`) is left out. Nil for anything else.
    package init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(128))
        let address = bytes.prefix { $0 != UInt8(ascii: "%") }
        if address.contains(UInt8(ascii: ":")) {
            guard let bits = IPAddress.ipv6(address) else { return nil }
            self.bits = bits
        } else {
            guard address.count == bytes.count, let bits = IPAddress.ipv4(address) else { return nil }
            self.bits = Self.mappedPrefix | bits
        }
    }

    package var description: String { isIPv4 ? dotted : grouped }

    private var dotted: String {
        [24, 16, 8, 0].map { "\(bits >> UInt128($0) & 0xff)" }.joined(separator: ".")
    }

    /// RFC 5952 §4: lower case, the first longest run of at least two zero groups as `::`.
    private var grouped: String {
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
        var best = 0..<0
        var start = 0
        while start < 8 {
            let end = groups[start...].firstIndex { $0 != 0 } ?? 8
            if end - start > max(best.count, 1) { best = start..<end }
            start = end + 1
        }
        let shown = groups.map { String($0, radix: 16) }
        guard !best.isEmpty else { return shown.joined(separator: ":") }
        let head = shown[..<best.lowerBound].joined(separator: ":")
        return head + "::" + shown[best.upperBound...].joined(separator: ":")
    }
}

extension IPAddress {
    /// Four decimal numbers without leading zeros, which some read as octal.
    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt128? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt128 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy({ (0x30...0x39).contains($0) }),
                part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            bits = bits << 8 | UInt128(value)
        }
        return bits
    }

    /// Eight groups, one run of zeros as `::`, the last two groups possibly as IPv4.
    private static func ipv6(_ text: ArraySlice<UInt8>) -> UInt128? {
        let colon = UInt8(ascii: ":")
        let gap = zip(text.indices, text.indices.dropFirst()).first { text[$0] == colon && text[$1] == colon }
        guard let (first, second) = gap else {
            guard let groups = groups(text, allowsIPv4: true), groups.count == 8 else { return nil }
            return bits(groups)
        }
        guard let head = groups(text[..<first], allowsIPv4: false),
            let tail = groups(text[text.index(after: second)...], allowsIPv4: true), head.count + tail.count <= 7
        else { return nil }
        return bits(head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func bits(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    private static func groups(_ text: ArraySlice<UInt8>, allowsIPv4: Bool) -> [UInt16]? {
        if text.isEmpty { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if allowsIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let bits = ipv4(part) else { return nil }
                groups += [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(isHexadecimal),
                    let value = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(value)
            }
        }
        return groups
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }
}
