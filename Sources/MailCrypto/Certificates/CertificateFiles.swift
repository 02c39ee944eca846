// The certificate and key files of a service: reading them, and saying what is wrong with them.

internal import COpenSSL

/// Where a service's certificate chain (leaf first) and its private key lie, both PEM; they may be one file.
package struct CertificateFiles: Hashable, Sendable {
    package var certificateChain: String
    package var privateKey: String

    package init(certificateChain: String, privateKey: String) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// What is wrong with a certificate or key file. The description names the file, the fault, and what would be right.
package enum CertificateError: Error, Equatable, Sendable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    case noCertificate(file: String, reason: String)
    case noPrivateKey(file: String, reason: String)
    case mismatch(certificate: String, key: String)
    case unusable(file: String, reason: String)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .noCertificate(let file, let reason):
            "\(file) holds no usable certificate chain (\(reason)); it must be PEM, the server's own certificate first"
        case .noPrivateKey(let file, let reason):
            "\(file) holds no usable private key (\(reason)); it must be PEM and not encrypted"
        case .mismatch(let certificate, let key):
            "the private key in \(key) does not belong to the first certificate in \(certificate)"
        case .unusable(let file, let reason): "OpenSSL does not accept the certificate in \(file): \(reason)"
        }
    }
}

/// Certificates as OpenSSL objects, which it owns. The pointers are lent by `use` alone: Swift may let go of an object
/// right after the last use of it that it sees, and a pointer's use is none.
final class CertificateChain {
    /// The longest chain that is read.
    static let most = 32

    private let certificates: [OpaquePointer]

    /// Reads all certificates in `pem`; other PEM blocks between them are passed over. `file` names it in errors.
    init(pem: [UInt8], file: String) throws {
        OpenSSLErrors.clear()
        let bio = try PEM.open(pem)
        defer { BIO_free(bio) }
        var certificates: [OpaquePointer] = []
        while certificates.count < CertificateChain.most,
            let certificate = PEM_read_bio_X509(bio, nil, PEM.noPassphrase, nil)
        {
            certificates.append(certificate)
        }
        let atEnd = PEM.isAtEnd(ERR_peek_last_error())
        let reasons = OpenSSLErrors.drain()
        self.certificates = certificates
        guard !certificates.isEmpty else {
            throw CertificateError.noCertificate(file: file, reason: reasons.first ?? "no PEM block of a certificate")
        }
        guard atEnd else {
            let reason = reasons.first ?? "more than \(CertificateChain.most) certificates"
            throw CertificateError.noCertificate(file: file, reason: reason)
        }
    }

    deinit {
        for certificate in certificates { X509_free(certificate) }
    }

    /// Lends the certificates: at least one, the leaf first.
    func use<T>(_ body: (_ leaf: OpaquePointer, _ others: ArraySlice<OpaquePointer>) throws -> T) rethrows -> T {
        try withExtendedLifetime(self) { try body(certificates[0], certificates.dropFirst()) }
    }
}

/// A private key as an OpenSSL object, which it owns and lends.
final class PrivateKey {
    private let pointer: OpaquePointer

    /// Takes over `pointer`.
    init(owning pointer: OpaquePointer) { self.pointer = pointer }

    /// Reads the first private key in `pem`. `file` names it in errors.
    init(pem: [UInt8], file: String) throws {
        OpenSSLErrors.clear()
        let bio = try PEM.open(pem)
        defer { BIO_free(bio) }
        guard let pointer = PEM_read_bio_PrivateKey(bio, nil, PEM.noPassphrase, nil) else {
            // OpenSSL says "unsupported" to everything that is not a key.
            let reasons = OpenSSLErrors.drain()
            let hasBlock = String(decoding: pem, as: UTF8.self).contains("PRIVATE KEY-----")
            let reason = hasBlock ? reasons.last ?? "unknown" : "no PEM block of a private key"
            throw CertificateError.noPrivateKey(file: file, reason: reason)
        }
        self.pointer = pointer
    }

    deinit { EVP_PKEY_free(pointer) }

    /// Lends the key.
    func use<T>(_ body: (OpaquePointer) throws -> T) rethrows -> T {
        try withExtendedLifetime(self) { try body(pointer) }
    }
}

/// A service's chain and key, which belong together.
struct LoadedCertificate {
    let chain: CertificateChain
    let key: PrivateKey

    init(_ files: CertificateFiles) throws {
        chain = try CertificateChain(pem: PEM.read(files.certificateChain), file: files.certificateChain)
        key = try PrivateKey(pem: PEM.read(files.privateKey), file: files.privateKey)
        OpenSSLErrors.clear()
        let belongs = chain.use { leaf, _ in key.use { X509_check_private_key(leaf, $0) == 1 } }
        OpenSSLErrors.clear()
        guard belongs else {
            throw CertificateError.mismatch(certificate: files.certificateChain, key: files.privateKey)
        }
    }
}
