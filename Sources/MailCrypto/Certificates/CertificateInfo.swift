// What a certificate says, for start-up checks and for people.

/// The facts of a server certificate.
package struct CertificateInfo: Equatable, Sendable {
    /// The subject and the issuer as one line (RFC 2253), such as CN=mail.example.org.
    package let subject: String
    package let issuer: String
    /// The DNS names and IP addresses that it is for.
    package let names: [String]
    /// Seconds since 1970.
    package let notBefore: Int64
    package let notAfter: Int64
    /// SHA-256 of the DER form, 64 hexadecimal letters.
    package let fingerprint: String

    /// The facts of the first certificate in `files`, after checking that the key belongs to it.
    package static func load(_ files: CertificateFiles) throws -> CertificateInfo {
        throw CertificateError.unreadable(file: files.certificateChain, reason: "not yet")
    }

    /// Whether the certificate is for `hostname`, by its names (RFC 6125; a `*.` label matches one label).
    package func isFor(hostname: String) -> Bool { names.contains(hostname) }
}
