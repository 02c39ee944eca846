// Undoes a Content-Transfer-Encoding while the bytes stream by (RFC 2045 §6).

/// Lenient: what does not belong there is passed over (base64) or through (quoted-printable).
package struct TransferDecoder: Sendable {
    private let encoding: TransferEncoding
    // base64: the bits that are no whole byte yet.
    private var bits: UInt32 = 0
    private var bitCount = 0
    // quoted-printable: what an `=` has begun, and white space that vanishes if the line ends behind it.
    private var escape = Escape.none
    private var blanks: [UInt8] = []

    private enum Escape {
        case none, begun
        /// With a byte behind it: a digit, or what may be white space before a line end.
        case continued(UInt8)

        var bytes: [UInt8] {
            switch self {
            case .none: []
            case .begun: [UInt8(ascii: "=")]
            case .continued(let byte): [UInt8(ascii: "="), byte]
            }
        }
    }

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
        if case .continued = escape { output += escape.bytes }
        output += blanks
        escape = .none
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
        var index = 0
        while index < bytes.count {
            if bitCount == 0 { TransferDecoder.decodeGroups(of: bytes, from: &index, into: &output) }
            guard index < bytes.count else { return }
            let byte = bytes[index]
            index += 1
            let value = TransferDecoder.base64Values[Int(byte)]
            guard value < 64 else {
                // Padding ends a piece; another may follow.
                if byte == UInt8(ascii: "=") { bitCount = 0 }
                continue
            }
            bits = bits &<< 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                output.append(UInt8(truncatingIfNeeded: bits &>> UInt32(bitCount)))
            }
        }
    }

    /// Four digits become three bytes, as long as there are four in a row: nearly all of a text.
    private static func decodeGroups(of bytes: Span<UInt8>, from index: inout Int, into output: inout [UInt8]) {
        let values = base64Values.span
        let most = (bytes.count - index) / 4
        guard most > 0 else { return }
        output.append(addingCapacity: most * 3) { output in
            for _ in 0..<most {
                let (first, second) = (values[Int(bytes[index])], values[Int(bytes[index + 1])])
                let (third, fourth) = (values[Int(bytes[index + 2])], values[Int(bytes[index + 3])])
                guard first | second | third | fourth < 64 else { return }
                output.append(first &<< 2 | second &>> 4)
                output.append(second &<< 4 | third &>> 2)
                output.append(third &<< 6 | fourth)
                index += 4
            }
        }
    }

    /// What each byte stands for; 64 for what is no digit.
    private static let base64Values: [UInt8] = {
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8
        var values = [UInt8](repeating: 64, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    // MARK: quoted-printable

    /// White space before a line end vanishes (RFC 2045 §6.7, rule 3); of more than this many blanks the first stay.
    private static let mostBlanks = 1_000

    private mutating func decodeQuotedPrintable(_ bytes: Span<UInt8>, into output: inout [UInt8]) {
        var index = 0
        while index < bytes.count {
            if case .none = escape {
                let end = TransferDecoder.endOfRun(in: bytes, from: index)
                if end > index {
                    if !blanks.isEmpty { giveBlanks(to: &output) }
                    output.append(contentsOf: bytes, from: index, to: end)
                    index = end
                } else if TransferDecoder.isEscape(bytes, at: index) {
                    if !blanks.isEmpty { giveBlanks(to: &output) }
                    TransferDecoder.decodeEscapes(of: bytes, from: &index, into: &output)
                } else {
                    plain(bytes[index], into: &output)
                    index += 1
                }
            } else {
                escaped(bytes[index], into: &output)
                index += 1
            }
        }
    }

    /// The end of what stands for itself whatever comes behind it: single spaces between words are of it.
    private static func endOfRun(in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0x20 {
                guard index > start, index + 1 < bytes.count, standsForItself(bytes[index + 1]) else { return index }
            } else if !standsForItself(byte) {
                return index
            }
            index += 1
        }
        return index
    }

    /// Whether `=` and two digits stand there.
    private static func isEscape(_ bytes: Span<UInt8>, at index: Int) -> Bool {
        index + 2 < bytes.count && bytes[index] == UInt8(ascii: "=")
            && hexadecimalValues[Int(bytes[index + 1])] | hexadecimalValues[Int(bytes[index + 2])] < 16
    }

    /// Escapes in a row: text that is not in Latin letters is hardly anything else.
    private static func decodeEscapes(of bytes: Span<UInt8>, from index: inout Int, into output: inout [UInt8]) {
        let values = hexadecimalValues.span
        let most = min(longestRun, (bytes.count - index) / 3)
        output.append(addingCapacity: most) { output in
            for _ in 0..<most {
                let (high, low) = (values[Int(bytes[index + 1])], values[Int(bytes[index + 2])])
                guard bytes[index] == UInt8(ascii: "="), high | low < 16 else { return }
                output.append(high &<< 4 | low)
                index += 3
            }
        }
    }

    /// Escapes for which room is made at once: those of a line.
    private static let longestRun = 25

    /// What each byte stands for; 16 for what is no digit.
    private static let hexadecimalValues = (0...UInt8.max).map { Hexadecimal.value(of: $0) ?? 16 }

    @inline(__always)
    private static func standsForItself(_ byte: UInt8) -> Bool {
        byte > 0x20 ? byte != UInt8(ascii: "=") : byte != 0x20 && byte != 0x09 && byte != 0x0a && byte != 0x0d
    }

    private mutating func giveBlanks(to output: inout [UInt8]) {
        output += blanks
        blanks.removeAll(keepingCapacity: true)
    }

    private mutating func plain(_ byte: UInt8, into output: inout [UInt8]) {
        switch byte {
        case UInt8(ascii: "="):
            giveBlanks(to: &output)
            escape = .begun
        case 0x20, 0x09:
            if blanks.count >= TransferDecoder.mostBlanks { giveBlanks(to: &output) }
            blanks.append(byte)
        case 0x0a, 0x0d:
            blanks.removeAll(keepingCapacity: true)
            output.append(byte)
        default:
            giveBlanks(to: &output)
            output.append(byte)
        }
    }

    /// After `=`: two digits, or a line end with or without white space before it (a soft line break), or neither.
    private mutating func escaped(_ byte: UInt8, into output: inout [UInt8]) {
        guard case .continued(let first) = escape else {
            if byte == 0x0a {
                escape = .none
            } else if Hexadecimal.value(of: byte) != nil || byte == 0x0d || byte == 0x20 || byte == 0x09 {
                escape = .continued(byte)
            } else {
                giveUp(byte, into: &output)
            }
            return
        }
        if let high = Hexadecimal.value(of: first) {
            guard let low = Hexadecimal.value(of: byte) else { return giveUp(byte, into: &output) }
            output.append(high << 4 | low)
            escape = .none
        } else if byte == 0x0a {
            escape = .none
        } else if byte != 0x20, byte != 0x09, byte != 0x0d {
            giveUp(byte, into: &output)
        }
    }

    /// It was no escape: its bytes stand for themselves.
    private mutating func giveUp(_ byte: UInt8, into output: inout [UInt8]) {
        output += escape.bytes
        escape = .none
        plain(byte, into: &output)
    }
}
