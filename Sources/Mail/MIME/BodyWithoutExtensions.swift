// BODY from BODYSTRUCTURE: the same without the extension data (RFC 3501 §7.4.2).

extension MessageParser {
    /// The wire form of BODY, which lacks the extension data, made from that of BODYSTRUCTURE. What is no BODYSTRUCTURE
    /// comes back as it is.
    package static func bodyWithoutExtensions(_ bodyStructure: [UInt8]) -> [UInt8] {
        var stripper = ExtensionStripper(bodyStructure)
        return stripper.body(depth: 0) ? stripper.output : bodyStructure
    }
}

/// Copies a BODYSTRUCTURE and leaves the extension data out.
private struct ExtensionStripper {
    private static let deepest = 1_000
    let input: [UInt8]
    private var position = 0
    private(set) var output: [UInt8] = []

    init(_ input: [UInt8]) {
        self.input = input
        output.reserveCapacity(input.count)
    }

    private var current: UInt8? { position < input.count ? input[position] : nil }

    /// One body with its brackets. False when it is malformed.
    mutating func body(depth: Int) -> Bool {
        guard depth < ExtensionStripper.deepest, copy(UInt8(ascii: "(")) else { return false }
        guard current == UInt8(ascii: "(") ? multipart(depth: depth) : leaf(depth: depth) else { return false }
        output.append(UInt8(ascii: ")"))
        return skipToClose()
    }

    private mutating func multipart(depth: Int) -> Bool {
        while current == UInt8(ascii: "(") {
            guard body(depth: depth + 1) else { return false }
        }
        return copy(0x20) && copyItem()
    }

    private mutating func leaf(depth: Int) -> Bool {
        let start = output.count
        guard copyItem(), copy(0x20), copyItem() else { return false }
        let type = String(decoding: output[start...].map(\.asciiLowercased), as: UTF8.self)
        for _ in 0..<5 {
            guard copy(0x20), copyItem() else { return false }
        }
        if type == "\"message\" \"rfc822\"" {
            guard copy(0x20), copyItem(), copy(0x20), body(depth: depth + 1) else { return false }
            return copy(0x20) && copyItem()
        }
        return type.hasPrefix("\"text\" ") ? copy(0x20) && copyItem() : true
    }

    private mutating func copy(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        output.append(byte)
        position += 1
        return true
    }

    /// A string, an atom or a whole list.
    private mutating func copyItem() -> Bool {
        guard let end = endOfItem() else { return false }
        output += input[position..<end]
        position = end
        return true
    }

    /// After the bracket that closes this body.
    private mutating func skipToClose() -> Bool {
        while let byte = current, byte != UInt8(ascii: ")") {
            if byte == 0x20 {
                position += 1
            } else if let end = endOfItem() {
                position = end
            } else {
                return false
            }
        }
        guard current != nil else { return false }
        position += 1
        return true
    }

    private func endOfItem() -> Int? {
        var index = position
        var depth = 0
        repeat {
            guard index < input.count else { return nil }
            switch input[index] {
            case UInt8(ascii: "("):
                depth += 1
                index += 1
            case UInt8(ascii: ")"):
                depth -= 1
                index += 1
                guard depth >= 0 else { return nil }
            case 0x20: index += 1
            default:
                guard let end = endOfToken(from: index) else { return nil }
                index = end
            }
        } while depth > 0
        return index
    }

    private func endOfToken(from start: Int) -> Int? {
        switch input[start] {
        case UInt8(ascii: "\""): endOfQuoted(from: start + 1)
        case UInt8(ascii: "{"): endOfLiteral(from: start + 1)
        default:
            input[start...].firstIndex { $0 == 0x20 || $0 == UInt8(ascii: "(") || $0 == UInt8(ascii: ")") }
        }
    }

    private func endOfQuoted(from start: Int) -> Int? {
        var index = start
        while index < input.count {
            if input[index] == UInt8(ascii: "\"") { return index + 1 }
            index += input[index] == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private func endOfLiteral(from start: Int) -> Int? {
        guard let close = input[start...].firstIndex(of: UInt8(ascii: "}")),
            let count = MailDate.number(input[start..<close]), input.count - close >= 3 + count
        else { return nil }
        return close + 3 + count
    }
}
