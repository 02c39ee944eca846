// Modified UTF-7: how IMAP4rev1 writes mailbox names in ASCII (RFC 3501 §5.1.3).

/// Encodes any text and decodes only what `encode` would have written, so that a name has one form on the wire.
package enum ModifiedUTF7 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,".utf8)

    package static func encode(_ text: String) -> String {
        var result: [UInt8] = []
        var pending: [UInt16] = []
        for scalar in text.unicodeScalars {
            guard scalar.value >= 0x20, scalar.value < 0x7f else {
                pending.append(contentsOf: scalar.utf16)
                continue
            }
            flush(&pending, into: &result)
            result.append(UInt8(truncatingIfNeeded: scalar.value))
            if scalar == "&" { result.append(UInt8(ascii: "-")) }
        }
        flush(&pending, into: &result)
        return String(decoding: result, as: UTF8.self)
    }

    /// UTF-16 in base64 without padding between `&` and `-`.
    private static func flush(_ units: inout [UInt16], into result: inout [UInt8]) {
        guard !units.isEmpty else { return }
        result.append(UInt8(ascii: "&"))
        var bits: UInt32 = 0
        var count = 0
        for unit in units {
            bits = (bits & 0x3f) << 16 | UInt32(unit)
            count += 16
            while count >= 6 {
                count -= 6
                result.append(alphabet[Int(bits >> UInt32(count) & 0x3f)])
            }
        }
        if count > 0 { result.append(alphabet[Int(bits << UInt32(6 - count) & 0x3f)]) }
        result.append(UInt8(ascii: "-"))
        units.removeAll(keepingCapacity: true)
    }

    package static func decode(_ text: String) -> String? { decode(text.utf8) }

    /// nil for whatever `encode` never writes: 8-bit or control bytes, a bare `&`, a shift that does not end or holds
    /// printable ASCII, lone surrogates, left-over bits that are not zero, two shifts in a row.
    package static func decode(_ bytes: some Sequence<UInt8>) -> String? {
        let input = Array(bytes)
        // Bytes: a string's scalars that are appended some at a time are copied anew each time.
        var result: [UInt8] = []
        var index = 0
        var endOfShift = -1
        while index < input.count {
            let byte = input[index]
            guard byte >= 0x20, byte < 0x7f else { return nil }
            guard byte == UInt8(ascii: "&") else {
                result.append(byte)
                index += 1
                continue
            }
            guard let end = input[index...].firstIndex(of: UInt8(ascii: "-")) else { return nil }
            if end == index + 1 {
                result.append(UInt8(ascii: "&"))
            } else {
                guard endOfShift != index, let scalars = decodeShift(input[(index + 1)..<end]) else { return nil }
                for scalar in scalars { result.append(contentsOf: scalar.utf8) }
                endOfShift = end + 1
            }
            index = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func decodeShift(_ digits: ArraySlice<UInt8>) -> [Unicode.Scalar]? {
        var units: [UInt16] = []
        var bits: UInt32 = 0
        var count = 0
        for digit in digits {
            guard let value = value(of: digit) else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0x3f_ffff
            count += 6
            if count >= 16 {
                count -= 16
                units.append(UInt16(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        // Fewer than six bits are left, all zero: otherwise the last digit was needless or wrong.
        guard count < 6, bits & ((1 << UInt32(count)) - 1) == 0 else { return nil }
        return scalars(units)
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: ","): 63
        default: nil
        }
    }

    private static func scalars(_ units: [UInt16]) -> [Unicode.Scalar]? {
        var result: [Unicode.Scalar] = []
        var iterator = units.makeIterator()
        var decoder = UTF16()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue(let scalar):
                guard scalar.value < 0x20 || scalar.value >= 0x7f else { return nil }
                result.append(scalar)
            case .emptyInput: return result
            case .error: return nil
            }
        }
    }
}
