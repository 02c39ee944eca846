// A client's line in an authentication exchange: base64, or `*` to give up (RFC 4954 §4, RFC 3501 §6.2.2).

/// What a response line says.
package enum SASLResponse: Hashable, Sendable {
    case bytes([UInt8])
    case cancelled
    case malformed

    /// - Parameter line: without its CRLF. Strict base64: padded, no blanks, no bits left over.
    package init(line: some Collection<UInt8>) {
        if line.elementsEqual([UInt8(ascii: "*")]) {
            self = .cancelled
        } else if let bytes = SASLBase64.decode(line) {
            self = .bytes(bytes)
        } else {
            self = .malformed
        }
    }

    /// - Parameter initial: a SASL-IR argument, in which `=` stands for an empty response (RFC 4959 §3).
    package init(initial: some Collection<UInt8>) {
        if initial.elementsEqual([UInt8(ascii: "=")]) {
            self = .bytes([])
        } else if let bytes = SASLBase64.decode(initial), !bytes.isEmpty {
            self = .bytes(bytes)
        } else {
            self = .malformed
        }
    }
}

/// RFC 4648 §4, strictly, for what is at most a few thousand bytes long.
package enum SASLBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    /// A challenge as it is sent.
    package static func encode(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        var rest = bytes[...]
        while let first = rest.popFirst() {
            let second = rest.popFirst()
            let third = second == nil ? nil : rest.popFirst()
            let bits = UInt32(first) << 16 | UInt32(second ?? 0) << 8 | UInt32(third ?? 0)
            text.append(alphabet[Int(bits >> 18 & 63)])
            text.append(alphabet[Int(bits >> 12 & 63)])
            text.append(second == nil ? UInt8(ascii: "=") : alphabet[Int(bits >> 6 & 63)])
            text.append(third == nil ? UInt8(ascii: "=") : alphabet[Int(bits & 63)])
        }
        return text
    }

    /// nil for anything that `encode` would not have written.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count % 4 == 0, text.count <= 4 * SASLExchange.longestResponse else { return nil }
        let padding = text.suffix(2).filter { $0 == UInt8(ascii: "=") }.count
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var count = 0
        for letter in text.dropLast(padding) {
            guard let value = value(letter) else { return nil }
            bits = (bits << 6 | value) & 0xffff
            count += 6
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
        }
        return bits & (1 << UInt32(count) - 1) == 0 ? bytes : nil
    }

    private static func value(_ letter: UInt8) -> UInt32? {
        switch letter {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(letter - 65)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(letter - 71)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(letter) + 4
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
