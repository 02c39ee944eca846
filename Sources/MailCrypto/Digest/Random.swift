// Randomness from OpenSSL's generator: bytes, and text that people type.

internal import COpenSSL

/// Random bytes fit for keys, salts and secrets.
package enum SecureRandom {
    /// `count` bytes; `count` is at least 0.
    package static func bytes(_ count: Int) throws -> [UInt8] {
        guard count > 0 else { return [] }
        OpenSSLErrors.clear()
        var bytes = [UInt8](repeating: 0, count: count)
        guard let length = Int32(exactly: count), RAND_bytes(&bytes, length) == 1 else {
            throw CryptoError.openSSL("get \(count) random bytes")
        }
        return bytes
    }
}

/// Secrets in letters and digits, made by the machine and typed by people.
package enum RandomText {
    /// Crockford's base 32 in lower case: no i, l, o, u, so nothing that is read as something else. Its 32 letters
    /// carry exactly five bits each, which leaves no bias when a random byte is cut to five bits.
    package static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)

    /// Letters per group of a generated password.
    package static let groupLength = 4

    /// A password of `groups` groups of four letters with dashes between: `7k2m-…`. Six groups, the default and the
    /// least, carry 120 bits in 29 characters.
    package static func password(groups: Int = 6) throws -> String {
        let groups = max(groups, 6)
        let letters = try SecureRandom.bytes(groups * groupLength).map { alphabet[Int($0 & 31)] }
        let parts = (0..<groups).map { group in
            String(decoding: letters[(group * groupLength)..<((group + 1) * groupLength)], as: UTF8.self)
        }
        return parts.joined(separator: "-")
    }
}
