// Base64 as SASL speaks it: canonical, nothing skipped (RFC 4648 §4, §3.5).

package enum Base64 {
    /// nil for anything but whole groups of four characters, padded, with no stray bits. Empty gives empty.
    package static func decode(_ text: some Collection<UInt8>) -> [UInt8]? { decode(bytes: Array(text)) }

    // Of a concrete type: a generic one is not specialised for the modules above, which costs fifty times as much.
    private static func decode(bytes text: [UInt8]) -> [UInt8]? {
        guard text.count % 4 == 0 else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count / 4 * 3)
        var bits: UInt32 = 0
        var held = 0
        var padding = 0
        for byte in text {
            if byte == UInt8(ascii: "=") {
                padding += 1
                continue
            }
            guard padding == 0, let value = value(of: byte) else { return nil }
            bits = bits &<< 6 | value
            held += 6
            guard held >= 8 else { continue }
            held -= 8
            result.append(UInt8(truncatingIfNeeded: bits &>> UInt32(held)))
        }
        guard padding <= 2, padding * 2 == held, bits & (1 &<< UInt32(held) - 1) == 0 else { return nil }
        return result
    }

    private static func value(of byte: UInt8) -> UInt32? {
        switch byte {
        case 0x41...0x5a: UInt32(byte) - 0x41
        case 0x61...0x7a: UInt32(byte) - 0x61 + 26
        case 0x30...0x39: UInt32(byte) - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] { encode(bytes: Array(bytes)) }

    private static func encode(bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        var bits: UInt32 = 0
        var held = 0
        for byte in bytes {
            bits = (bits &<< 8 | UInt32(byte)) & 0xffff
            held += 8
            while held >= 6 {
                held -= 6
                result.append(alphabet[Int(bits &>> UInt32(held) & 63)])
            }
        }
        if held > 0 { result.append(alphabet[Int(bits &<< UInt32(6 - held) & 63)]) }
        while result.count % 4 != 0 { result.append(UInt8(ascii: "=")) }
        return result
    }
}
