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
