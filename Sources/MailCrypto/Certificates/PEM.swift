// PEM text in and out of OpenSSL, and reading the small files it stands in.

internal import COpenSSL
internal import Glibc

/// PEM text.
enum PEM {
    /// The most that is read of a file, in bytes.
    static let longest = 1 << 20

    /// Stands where OpenSSL would otherwise ask for a passphrase on the terminal.
    static let noPassphrase:
        @convention(c) (UnsafeMutablePointer<CChar>?, Int32, Int32, UnsafeMutableRawPointer?)
            -> Int32 = { _, _, _, _ in 0 }

    /// A BIO that reads a copy of `pem`. The caller frees it.
    static func open(_ pem: [UInt8]) throws -> OpaquePointer {
        guard let length = Int32(exactly: pem.count), let bio = BIO_new(BIO_s_mem()) else {
            throw CryptoError.openSSL("read PEM text")
        }
        guard length == 0 || BIO_write(bio, pem, length) == length else {
            BIO_free(bio)
            throw CryptoError.openSSL("read PEM text")
        }
        return bio
    }

    /// The text that `write` puts into a BIO; `what` names it in errors. `write` gives 1 for success.
    static func write(_ what: String, _ write: (OpaquePointer) -> Int32) throws -> String {
        OpenSSLErrors.clear()
        guard let bio = BIO_new(BIO_s_mem()) else { throw CryptoError.openSSL("write \(what)") }
        defer { BIO_free(bio) }
        guard write(bio) == 1 else { throw CryptoError.openSSL("write \(what)") }
        return text(of: bio)
    }

    /// What lies in a memory BIO.
    static func text(of bio: OpaquePointer) -> String {
        var data: UnsafeMutablePointer<CChar>?
        let length = martlet_BIO_get_mem_data(bio, &data)
        return String(decoding: UnsafeRawBufferPointer(start: data, count: max(0, length)), as: UTF8.self)
    }

    /// Whether the error says that no further PEM block was found.
    static func isAtEnd(_ code: UInt) -> Bool {
        code != 0 && code & 0x7fffff == UInt(PEM_R_NO_START_LINE) && code >> 23 & 0xff == UInt(ERR_LIB_PEM)
    }

    /// The bytes of a file. Throws `.unreadable`, also for one that is longer than `longest`.
    static func read(_ file: String) throws -> [UInt8] {
        let descriptor = Glibc.open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CertificateError.unreadable(file: file, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: longest + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw CertificateError.unreadable(file: file, reason: String(cString: strerror(errno)))
            }
            if count == 0 { return Array(bytes[..<filled]) }
            filled += count
        }
        throw CertificateError.unreadable(file: file, reason: "it is over \(longest) bytes long")
    }
}
