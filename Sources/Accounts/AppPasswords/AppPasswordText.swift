// The text of an app password: made by the server, shown once, typed by people, and known again without a doubt.
//
// Theory. 32 letters of Crockford's base 32, in eight groups of four: 5 for the public id, which names the credential's
// row; 26 for the secret, 130 bits; 1 that checks the 31 before it. The check is a sum in the field of 32 elements with
// another weight for each place (every power of an element of order 31), so it finds every single wrong letter and
// every two neighbours that changed places. What has the length, the alphabet and the check is an app password, and is
// never tried as anything else; a main password of that form is refused when it is set.

internal import MailCrypto

/// An app password as text.
package struct AppPasswordText: Hashable, Sendable {
    /// In letters.
    package static let publicIDLength = 5
    static let secretLength = 26
    package static let length = publicIDLength + secretLength + 1

    /// 32 letters in lower case without dashes: what argon2id gets, and what a remembered login is keyed on.
    package let secret: [UInt8]

    /// The first five letters: the credential's public id. No secret.
    package var publicID: String { String(decoding: secret.prefix(Self.publicIDLength), as: UTF8.self) }

    /// As it is shown: eight groups of four with dashes between.
    package var display: String {
        stride(from: 0, to: secret.count, by: 4)
            .map { String(decoding: secret[$0..<min($0 + 4, secret.count)], as: UTF8.self) }
            .joined(separator: "-")
    }

    /// The spellings that SCRAM keys are made for: a client hashes what was typed, so the server cannot fold it.
    package var spellings: [[UInt8]] { [Array(display.utf8), secret] }

    private init(secret: [UInt8]) { self.secret = secret }

    /// A new one from the system's generator: 25 random bits of public id, 130 of secret.
    package static func make() throws -> AppPasswordText {
        let values = try SecureRandom.bytes(length - 1).map { $0 & 31 }
        return AppPasswordText(secret: (values + [check(values)]).map { RandomText.alphabet[Int($0)] })
    }

    /// Reads what somebody typed or stored: case, spaces and dashes do not matter, `o` is 0, `i` and `l` are 1. Nil for
    /// what is no app password.
    package static func parse(_ bytes: [UInt8]) -> AppPasswordText? {
        guard bytes.count <= Password.longest, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var values: [UInt8] = []
        for scalar in text.unicodeScalars where !isSeparator(scalar) {
            guard values.count < length, let value = value(scalar) else { return nil }
            values.append(value)
        }
        guard values.count == length, check(Array(values.dropLast())) == values.last else { return nil }
        return AppPasswordText(secret: values.map { RandomText.alphabet[Int($0)] })
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

    /// The sum of the values, each times x^31, x^30, … x^1 by its place, in GF(2)[x] modulo x^5 + x^2 + 1.
    private static func check(_ values: [UInt8]) -> UInt8 {
        values.reduce(0) { sum, value in
            let shifted = (sum ^ value) << 1
            return shifted & 0x20 == 0 ? shifted : shifted ^ 0x25
        }
    }
}
