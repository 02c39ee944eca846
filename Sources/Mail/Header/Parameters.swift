// The parameters of Content-Type and Content-Disposition, with the continuations and charsets of RFC 2231.

/// `name=value` pairs in the order of their first appearance.
package struct Parameters: Hashable, Sendable {
    package struct Parameter: Hashable, Sendable {
        /// As written; continuations joined lose their numbers, and keep the final `*` when a charset stands in the
        /// value.
        package var name: [UInt8]
        package var value: [UInt8]
    }

    package private(set) var list: [Parameter] = []

    init() {}

    /// Reads `; name=value; …` from where the lexer stands.
    init(_ lexer: inout StructuredLexer, limits: MessageLimits) {
        var pieces: [Piece] = []
        lexer.skipSpace()
        while !lexer.isAtEnd, pieces.count < limits.parameters {
            // The semicolon is missing in some mail, and doubled in other.
            while lexer.take(UInt8(ascii: ";")) { lexer.skipSpace() }
            if lexer.current == UInt8(ascii: "\"") { _ = lexer.quotedString() }
            let name = lexer.run { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "(") }
            lexer.skipSpace()
            guard lexer.take(UInt8(ascii: "=")) else { continue }
            lexer.skipSpace()
            let value = Parameters.value(&lexer)
            if !name.isEmpty { pieces.append(Piece(name: Array(name), value: value)) }
            lexer.skipSpace()
        }
        list = Parameters.joined(pieces)
    }

    private static func value(_ lexer: inout StructuredLexer) -> [UInt8] {
        if lexer.current == UInt8(ascii: "\"") { return lexer.quotedString() }
        return Array(lexer.run { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: "(") })
    }

    /// A parameter as it stands, its name taken apart (RFC 2231 §3 and §4.1): `base*number*`.
    private struct Piece {
        var name: [UInt8]
        var value: [UInt8]
        var base: [UInt8]
        var number: Int?
        var isExtended: Bool

        init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
            isExtended = name.last == UInt8(ascii: "*")
            var stem = isExtended ? name.dropLast() : name[...]
            if let star = stem.lastIndex(of: UInt8(ascii: "*")), star > 0,
                let found = MailDate.number(stem[(star + 1)...]), found < 1_000
            {
                number = found
                stem = stem[..<star]
            }
            base = stem.map(\.asciiLowercased)
        }
    }

    /// Continuations `x*0`, `x*1*` … become one `x` or `x*`; those with gaps or doubles stay as they are.
    private static func joined(_ pieces: [Piece]) -> [Parameter] {
        var groups: [[UInt8]: [Piece]] = [:]
        for piece in pieces where piece.number != nil { groups[piece.base, default: []].append(piece) }
        for (base, group) in groups {
            let sorted = group.sorted { ($0.number ?? 0) < ($1.number ?? 0) }
            let isWhole = sorted.enumerated().allSatisfy { $0.offset == $0.element.number }
            groups[base] = isWhole ? sorted : nil
        }
        var result: [Parameter] = []
        for piece in pieces {
            guard let number = piece.number, let group = groups[piece.base] else {
                result.append(Parameter(name: piece.name, value: piece.value))
                continue
            }
            guard number == 0 else { continue }
            let isExtended = group.contains(where: \.isExtended)
            let stem = piece.name.prefix(piece.base.count)
            result.append(
                Parameter(
                    name: stem + (isExtended ? [UInt8(ascii: "*")] : []),
                    value: group.flatMap { isExtended && !$0.isExtended ? percentEncoded($0.value) : $0.value }))
        }
        return result
    }

    /// A plain piece among extended ones must not be taken for encoded.
    private static func percentEncoded(_ value: [UInt8]) -> [UInt8] {
        guard value.contains(UInt8(ascii: "%")) else { return value }
        return value.flatMap { $0 == UInt8(ascii: "%") ? Array("%25".utf8) : [$0] }
    }

    /// The raw value of the first parameter with this name (lower case, without `*`).
    package func raw(_ name: String) -> [UInt8]? {
        let key = Array(name.utf8)
        return list.first { $0.name.count == key.count && $0.name.map(\.asciiLowercased) == key }?.value
    }

    /// The value decoded: `name*` by RFC 2231 §4, else `name`, in which RFC 2047 words are decoded too, as many senders
    /// write them there.
    package func text(_ name: String) -> String? {
        if let extended = raw(name + "*") { return Parameters.decodeExtended(extended) }
        return raw(name).map { EncodedWord.decode($0) }
    }

    /// `charset'language'percent-encoded`
    private static func decodeExtended(_ value: [UInt8]) -> String {
        let fields = value.split(separator: UInt8(ascii: "'"), maxSplits: 2, omittingEmptySubsequences: false)
        guard fields.count == 3 else { return Charset.decode(percentDecoded(value[...]), charset: nil) }
        let charset = String(decoding: fields[0], as: UTF8.self)
        return Charset.decode(percentDecoded(fields[2]), charset: charset.isEmpty ? nil : charset)
    }

    private static func percentDecoded(_ value: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(value.count)
        var index = value.startIndex
        while index < value.endIndex {
            if value[index] == UInt8(ascii: "%"), value.endIndex - index > 2,
                let high = Hexadecimal.value(of: value[index + 1]), let low = Hexadecimal.value(of: value[index + 2])
            {
                result.append(high << 4 | low)
                index += 3
            } else {
                result.append(value[index])
                index += 1
            }
        }
        return result
    }
}

/// Hexadecimal digits.
package enum Hexadecimal {
    /// Two small ones for each byte.
    package static func text(of bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
