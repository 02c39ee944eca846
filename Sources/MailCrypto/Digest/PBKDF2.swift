// PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-256: SCRAM's Hi().

internal import COpenSSL

/// Keys from passwords, where a protocol prescribes how. Passwords at rest are `PasswordHash`'s.
package enum PBKDF2 {
    /// The most iterations that are computed: some seconds of a core.
    package static let mostIterations = 10_000_000
    /// The most bytes that are derived.
    package static let longestKey = 1024

    /// `length` bytes (1 to `longestKey`) from `password` and `salt` with `iterations` rounds (1 to `mostIterations`)
    /// of HMAC-SHA-256. 4,096 rounds take about a millisecond. Throws for numbers outside these bounds.
    package static func sha256(password: [UInt8], salt: [UInt8], iterations: Int, length: Int = 32) throws -> [UInt8] {
        OpenSSLErrors.clear()
        guard (1...mostIterations).contains(iterations), (1...longestKey).contains(length),
            let passwordLength = Int32(exactly: password.count), let saltLength = Int32(exactly: salt.count)
        else { throw CryptoError("derive \(length) bytes in \(iterations) iterations") }
        var key = [UInt8](repeating: 0, count: length)
        let result = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), passwordLength, salt, saltLength,
                Int32(iterations), EVP_sha256(), Int32(length), &key)
        }
        guard result == 1 else { throw CryptoError.openSSL("derive a key") }
        return key
    }
}
