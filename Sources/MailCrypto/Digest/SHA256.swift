// SHA-256 (FIPS 180-4), of bytes at hand and of bytes that come in pieces.

internal import COpenSSL
package import NIOCore

/// A running SHA-256. Not Sendable: one at a time may feed it.
package final class SHA256 {
    /// The length of a digest in bytes.
    package static let length = 32

    private let context: OpaquePointer

    package init() throws {
        OpenSSLErrors.clear()
        guard let context = EVP_MD_CTX_new() else { throw CryptoError.openSSL("make a digest") }
        guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            EVP_MD_CTX_free(context)
            throw CryptoError.openSSL("start SHA-256")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds `bytes` to what is digested.
    package func update(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try update(raw: $0) }
    }

    /// Adds the readable bytes of `buffer`.
    package func update(_ buffer: ByteBuffer) throws {
        try buffer.withUnsafeReadableBytes { try update(raw: $0) }
    }

    private func update(raw bytes: UnsafeRawBufferPointer) throws {
        OpenSSLErrors.clear()
        guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            throw CryptoError.openSSL("digest with SHA-256")
        }
    }

    /// The digest of all that was added, 32 bytes. Afterwards the digest starts afresh.
    package func finalize() throws -> [UInt8] {
        OpenSSLErrors.clear()
        var digest = [UInt8](repeating: 0, count: SHA256.length)
        guard EVP_DigestFinal_ex(context, &digest, nil) == 1, EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            throw CryptoError.openSSL("finish SHA-256")
        }
        return digest
    }

    /// The digest of `bytes`, 32 bytes.
    package static func hash(_ bytes: [UInt8]) throws -> [UInt8] {
        let running = try SHA256()
        try running.update(bytes)
        return try running.finalize()
    }
}
