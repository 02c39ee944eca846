// HMAC (RFC 2104) with SHA-1, which TOTP needs, and SHA-256; and comparing secrets.

internal import COpenSSL

/// Message authentication codes.
package enum HMAC {
    /// HMAC-SHA-1 of `message`, 20 bytes (RFC 6238 §1.2: the TOTP default).
    package static func sha1(key: [UInt8], message: [UInt8]) throws -> [UInt8] {
        try code(EVP_sha1(), length: 20, key: key, message: message)
    }

    /// HMAC-SHA-256 of `message`, 32 bytes.
    package static func sha256(key: [UInt8], message: [UInt8]) throws -> [UInt8] {
        try code(EVP_sha256(), length: 32, key: key, message: message)
    }

    private static func code(
        _ digest: OpaquePointer?, length: Int, key: [UInt8], message: [UInt8]
    ) throws -> [UInt8] {
        OpenSSLErrors.clear()
        guard let keyLength = Int32(exactly: key.count) else { throw CryptoError("use an HMAC key of over 2 GiB") }
        // OpenSSL takes a null key for "the key of the call before", so an empty one needs an address of its own.
        let keyBytes = key.isEmpty ? [0] : key
        var code = [UInt8](repeating: 0, count: length)
        guard COpenSSL.HMAC(digest, keyBytes, keyLength, message, message.count, &code, nil) != nil else {
            throw CryptoError.openSSL("compute an HMAC")
        }
        return code
    }
}

/// Comparison that takes the same time wherever the first difference stands.
package enum ConstantTime {
    /// Whether both are the same bytes. Only their lengths, which are not secret, show in the time it takes.
    package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
