// Undoes a Content-Transfer-Encoding while the bytes stream by (RFC 2045 §6).

/// Lenient: what does not belong there is passed over (base64) or through (quoted-printable).
package struct TransferDecoder: Sendable {
    private let encoding: TransferEncoding
    // base64: the bits that are no whole byte yet.
    private var bits: UInt32 = 0
    private var bitCount = 0
    // quoted-printable: what an `=` has begun, and white space that vanishes if the line ends behind it.
    private var escape: [UInt8] = []
    private var blanks: [UInt8] = []

    package init(_ encoding: TransferEncoding) { self.encoding = encoding }

    /// The next bytes, decoded and appended to `output`.
    package mutating func decode(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        switch encoding {
        case .identity, .unknown: output.append(contentsOf: bytes, from: 0, to: bytes.count)
        case .base64: decodeBase64(bytes, into: &output)
        case .quotedPrintable: decodeQuotedPrintable(bytes, into: &output)
        }
    }

    /// What is left at the end.
    package mutating func finish(into output: inout [UInt8]) {
        output += escape.count > 1 ? escape : []
        output += blanks
        escape = []
        blanks = []
        bits = 0
        bitCount = 0
    }

    /// All at once.
    package static func decode(_ bytes: [UInt8], _ encoding: TransferEncoding) -> [UInt8] {
        var decoder = TransferDecoder(encoding)
        var output: [UInt8] = []
        output.reserveCapacity(encoding == .base64 ? bytes.count / 4 * 3 + 3 : bytes.count)
        decoder.decode(bytes.span, into: &output)
        decoder.finish(into: &output)
        return output
    }

    // MARK: base64

    private mutating func decodeBase64(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            guard let value = TransferDecoder.base64Value(of: byte) else {
                // Padding ends a piece; another may follow.
                if byte == UInt8(ascii: "=") { bitCount = 0 }
                continue
            }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
    }

    @inline(__always)
    private static func base64Value(of byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - 0x41
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 0x61 + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - 0x30 + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    // MARK: quoted-printable

    /// White space before a line end vanishes (RFC 2045 §6.7, rule 3); of more than this many blanks the first stay.
    private static let mostBlanks = 1_000

    private mutating func decodeQuotedPrintable(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        for index in 0..<bytes.count {
            let byte = bytes[index]
            if escape.isEmpty { plain(byte, into: &output) } else { escaped(byte, into: &output) }
        }
    }

    private mutating func plain(_ byte: UInt8, into output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "="):
            output += blanks
            blanks.removeAll(keepingCapacity: true)
            escape = [byte]
        case 0x20, 0x09:
            if blanks.count >= TransferDecoder.mostBlanks {
                output += blanks
                blanks.removeAll(keepingCapacity: true)
            }
            blanks.append(byte)
        default:
            if !blanks.isEmpty {
                if byte != 0x0a, byte != 0x0d { output += blanks }
                blanks.removeAll(keepingCapacity: true)
            }
            output.append(byte)
        }
    }

    /// After `=`: two digits, or a line end with or without white space before it (a soft line break), or neither.
    private mutating func escaped(_ byte: UInt8, into output: inout [UInt8]) {
        if escape.count == 1 {
            if byte == 0x0a {
                escape.removeAll()
            } else if Hexadecimal.value(of: byte) != nil || byte == 0x0d || byte == 0x20 || byte == 0x09 {
                escape.append(byte)
            } else {
                giveUp(byte, into: &output)
            }
            return
        }
        if let high = Hexadecimal.value(of: escape[1]) {
            guard let low = Hexadecimal.value(of: byte) else { return giveUp(byte, into: &output) }
            output.append(high << 4 | low)
            escape.removeAll()
        } else if byte == 0x0a {
            escape.removeAll()
        } else if byte != 0x20, byte != 0x09, byte != 0x0d {
            giveUp(byte, into: &output)
        }
    }

    /// It was no escape: its bytes stand for themselves.
    private mutating func giveUp(_ byte: UInt8, into output: inout [UInt8]) {
        output += escape
        escape.removeAll()
        plain(byte, into: &output)
    }
}
