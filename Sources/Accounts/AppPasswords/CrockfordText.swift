// Secrets in Crockford's base 32, as people type them: case, spaces and dashes do not matter, `o` is 0, `i`, `l` are 1.

internal import MailCrypto

/// Reading and writing the letters of `RandomText.alphabet`.
enum CrockfordText {
    /// The letters' values, 0 to 31; nil when there are not exactly `length` or another character is among them.
    static func values(_ bytes: [UInt8], length: Int) -> [UInt8]? {
        guard bytes.count <= Password.longest, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var values: [UInt8] = []
        for scalar in text.unicodeScalars where !isSeparator(scalar) {
            guard values.count < length, let value = value(scalar) else { return nil }
            values.append(value)
        }
        return values.count == length ? values : nil
    }

    /// `count` values from the system's generator.
    static func random(_ count: Int) throws -> [UInt8] {
        try SecureRandom.bytes(count).map { $0 & 31 }
    }

    /// The letters, in lower case.
    static func letters(_ values: [UInt8]) -> [UInt8] {
        values.map { RandomText.alphabet[Int($0 & 31)] }
    }

    /// In groups of four with dashes between.
    static func display(_ letters: [UInt8]) -> String {
        stride(from: 0, to: letters.count, by: 4)
            .map { String(decoding: letters[$0..<min($0 + 4, letters.count)], as: UTF8.self) }
            .joined(separator: "-")
    }

    /// Spaces and dashes of every script: what is copied from a web page has no-break ones.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar == " " || scalar == "-" }
        let category = scalar.properties.generalCategory
        return category == .spaceSeparator || category == .dashPunctuation
    }

    private static func value(_ scalar: Unicode.Scalar) -> UInt8? {
        guard scalar.isASCII else { return nil }
        switch scalar {
        case "o", "O": return 0
        case "i", "I", "l", "L": return 1
        default: break
        }
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        let lower = (0x41...0x5a).contains(byte) ? byte + 0x20 : byte
        return RandomText.alphabet.firstIndex(of: lower).flatMap { UInt8(exactly: $0) }
    }
}
