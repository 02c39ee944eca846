// Secrets at rest: AES-256-GCM under a key that lies in a file apart from the database.

internal import COpenSSL

/// A key of 32 bytes that seals small secrets, such as TOTP keys. Each seal takes a fresh random nonce of 96 bits, so a
/// key is good for 2^32 of them (NIST SP 800-38D §8.3).
package struct SealingKey: Equatable, Sendable, CustomStringConvertible {
    package static let length = 32
    private static let nonceLength = 12
    private static let tagLength = 16
    /// How much longer the sealed form is than the secret, in bytes.
    package static let overhead = nonceLength + tagLength

    private let bytes: [UInt8]

    /// nil unless `bytes` are 32, and not all zero: an empty key file must never be a key.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == SealingKey.length, bytes.contains(where: { $0 != 0 }) else { return nil }
        self.bytes = bytes
    }

    /// A fresh key.
    package static func make() throws -> SealingKey {
        guard let key = SealingKey(try SecureRandom.bytes(length)) else { throw CryptoError("make a sealing key") }
        return key
    }

    /// The key itself, for its file.
    package var rawBytes: [UInt8] { bytes }

    /// Without the key: descriptions end in logs.
    package var description: String { "SealingKey" }

    package static func == (left: SealingKey, right: SealingKey) -> Bool {
        ConstantTime.equal(left.bytes, right.bytes)
    }

    /// Seals `secret`: nonce, encrypted bytes, tag. `associatedData` says what the secret belongs to, such as the ids
    /// of its row; it is not stored, and opening takes the same.
    package func seal(_ secret: [UInt8], associatedData: [UInt8]) throws -> [UInt8] {
        OpenSSLErrors.clear()
        let nonce = try SecureRandom.bytes(SealingKey.nonceLength)
        let cipher = try GCM()
        var tag = [UInt8](repeating: 0, count: SealingKey.tagLength)
        guard cipher.start(EVP_EncryptInit_ex, key: bytes, nonce: nonce),
            let sealed = cipher.update(secret, associatedData: associatedData, EVP_EncryptUpdate),
            cipher.finish(EVP_EncryptFinal_ex),
            cipher.exchange(EVP_CTRL_AEAD_GET_TAG, &tag)
        else { throw CryptoError.openSSL("seal a secret") }
        return nonce + sealed + tag
    }

    /// Opens what `seal` gave. Throws for another key, other associated data, and bytes that were changed or cut.
    package func open(_ sealed: [UInt8], associatedData: [UInt8]) throws -> [UInt8] {
        OpenSSLErrors.clear()
        guard sealed.count >= SealingKey.overhead else { throw CryptoError("open a sealed secret: it is cut short") }
        let nonce = Array(sealed.prefix(SealingKey.nonceLength))
        var tag = Array(sealed.suffix(SealingKey.tagLength))
        let body = Array(sealed.dropFirst(SealingKey.nonceLength).dropLast(SealingKey.tagLength))
        let cipher = try GCM()
        guard cipher.start(EVP_DecryptInit_ex, key: bytes, nonce: nonce),
            let secret = cipher.update(body, associatedData: associatedData, EVP_DecryptUpdate),
            cipher.exchange(EVP_CTRL_AEAD_SET_TAG, &tag),
            cipher.finish(EVP_DecryptFinal_ex)
        else {
            OpenSSLErrors.clear()
            throw CryptoError("open a sealed secret: it was changed, or sealed with another key or for another place")
        }
        return secret
    }
}

/// One use of AES-GCM.
private final class GCM {
    typealias Update = (
        OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int32>?, UnsafePointer<UInt8>?, Int32
    ) -> Int32

    private let context: OpaquePointer

    init() throws {
        guard let context = EVP_CIPHER_CTX_new() else { throw CryptoError.openSSL("make a cipher") }
        self.context = context
    }

    deinit { EVP_CIPHER_CTX_free(context) }

    func start(
        _ start: (OpaquePointer?, OpaquePointer?, OpaquePointer?, UnsafePointer<UInt8>?, UnsafePointer<UInt8>?) ->
            Int32,
        key: [UInt8], nonce: [UInt8]
    ) -> Bool {
        start(context, EVP_aes_256_gcm(), nil, key, nonce) == 1
    }

    /// Reads or sets the authentication tag.
    func exchange(_ command: Int32, _ tag: inout [UInt8]) -> Bool {
        EVP_CIPHER_CTX_ctrl(context, command, Int32(tag.count), &tag) == 1
    }

    /// Passes the associated data and then `input` through; nil when OpenSSL refuses.
    func update(_ input: [UInt8], associatedData: [UInt8], _ update: Update) -> [UInt8]? {
        guard let length = Int32(exactly: input.count), let dataLength = Int32(exactly: associatedData.count) else {
            return nil
        }
        var count: Int32 = 0
        if dataLength > 0, update(context, nil, &count, associatedData, dataLength) != 1 { return nil }
        var output = [UInt8](repeating: 0, count: input.count)
        if length > 0, update(context, &output, &count, input, length) != 1 { return nil }
        return output
    }

    /// GCM is a stream: the last step gives no bytes, only a verdict.
    func finish(_ finish: (OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int32>?) -> Int32)
        -> Bool
    {
        var rest = [UInt8](repeating: 0, count: 16)
        var count: Int32 = 0
        return finish(context, &rest, &count) == 1
    }
}
