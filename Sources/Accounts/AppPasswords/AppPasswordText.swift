// The text of an app password: made by the server, shown once, typed by people, and known again without a doubt.
//
// Theory. 32 letters of Crockford's base 32, in eight groups of four: 5 for the public id, which names the credential's
// row; 26 for the secret, 130 bits; 1 that checks the 31 before it. The check is a sum in the field of 32 elements with
// another weight for each place (every power of an element of order 31), so it finds every single wrong letter and
// every two neighbours that changed places. What has the length, the alphabet and the check is an app password, and is
// never tried as anything else; a main password of that form is refused when it is set.

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
    package var display: String { CrockfordText.display(secret) }

    /// The spellings that SCRAM keys are made for: a client hashes what was typed, so the server cannot fold it.
    package var spellings: [[UInt8]] { [Array(display.utf8), secret] }

    private init(secret: [UInt8]) { self.secret = secret }

    /// A new one from the system's generator: 25 random bits of public id, 130 of secret.
    package static func make() throws -> AppPasswordText {
        let values = try CrockfordText.random(length - 1)
        return AppPasswordText(secret: CrockfordText.letters(values + [check(values)]))
    }

    /// Reads what somebody typed or stored: case, spaces and dashes do not matter, `o` is 0, `i` and `l` are 1. Nil for
    /// what is no app password.
    package static func parse(_ bytes: [UInt8]) -> AppPasswordText? {
        guard let values = CrockfordText.values(bytes, length: length), check(Array(values.dropLast())) == values.last
        else { return nil }
        return AppPasswordText(secret: CrockfordText.letters(values))
    }

    /// The sum of the values, each times x^31, x^30, … x^1 by its place, in GF(2)[x] modulo x^5 + x^2 + 1.
    private static func check(_ values: [UInt8]) -> UInt8 {
        values.reduce(0) { sum, value in
            let shifted = (sum ^ value) << 1
            return shifted & 0x20 == 0 ? shifted : shifted ^ 0x25
        }
    }
}
