// What a certificate says, for start-up checks and for people.

internal import COpenSSL
internal import Glibc

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

    /// Whether it names itself as its issuer.
    package var isSelfSigned: Bool { subject == issuer }

    /// The facts of the first certificate in `files`, after checking that the key belongs to it. Throws a
    /// `CertificateError` that names the file and what is wrong with it.
    package static func load(_ files: CertificateFiles) throws -> CertificateInfo {
        try LoadedCertificate(files).chain.use { leaf, _ in
            try CertificateInfo(leaf, file: files.certificateChain)
        }
    }

    /// The facts of the first certificate in `pem`. `file` names it in errors.
    package static func parse(pem: String, file: String) throws -> CertificateInfo {
        try CertificateChain(pem: Array(pem.utf8), file: file).use { leaf, _ in
            try CertificateInfo(leaf, file: file)
        }
    }

    private init(_ certificate: OpaquePointer, file: String) throws {
        guard let subject = CertificateInfo.line(X509_get_subject_name(certificate)),
            let issuer = CertificateInfo.line(X509_get_issuer_name(certificate)),
            let notBefore = CertificateInfo.seconds(X509_get0_notBefore(certificate)),
            let notAfter = CertificateInfo.seconds(X509_get0_notAfter(certificate)),
            let fingerprint = CertificateInfo.fingerprint(certificate)
        else {
            OpenSSLErrors.clear()
            throw CertificateError.noCertificate(file: file, reason: "its names or dates are malformed")
        }
        self.subject = subject
        self.issuer = issuer
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.fingerprint = fingerprint
        names = CertificateInfo.names(certificate)
    }

    /// Whether the certificate is for `hostname`, a DNS name or an IP address (RFC 6125 §6.4; `*` stands for one
    /// label).
    package func isFor(hostname: String) -> Bool {
        if HostName.isIPAddress(hostname) {
            return names.contains { HostName.addressBytes($0) == HostName.addressBytes(hostname) }
        }
        let wanted = hostname.lowercased().split(separator: ".", omittingEmptySubsequences: false)
        return names.contains { name in
            let labels = name.lowercased().split(separator: ".", omittingEmptySubsequences: false)
            guard labels.count == wanted.count, labels.first == wanted.first || labels.first == "*" else {
                return false
            }
            return labels.dropFirst() == wanted.dropFirst()
        }
    }
}

extension CertificateInfo {
    private static func line(_ name: OpaquePointer?) -> String? {
        guard let name, let bio = BIO_new(BIO_s_mem()) else { return nil }
        defer { BIO_free(bio) }
        guard X509_NAME_print_ex(bio, name, 0, martlet_name_flags) >= 0 else { return nil }
        return PEM.text(of: bio)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = tm()
        guard ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return Int64(timegm(&parts))
    }

    /// SHA-256 of the certificate's DER form.
    static func digest(_ certificate: OpaquePointer) -> [UInt8]? {
        var digest = [UInt8](repeating: 0, count: SHA256.length)
        var length: UInt32 = 0
        guard X509_digest(certificate, EVP_sha256(), &digest, &length) == 1 else { return nil }
        return digest
    }

    private static func fingerprint(_ certificate: OpaquePointer) -> String? {
        guard let digest = digest(certificate) else { return nil }
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func names(_ certificate: OpaquePointer) -> [String] {
        OpenSSLErrors.clear()
        defer { OpenSSLErrors.clear() }
        guard let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) else { return [] }
        let names = OpaquePointer(list)
        defer { GENERAL_NAMES_free(names) }
        return (0..<max(0, martlet_GENERAL_NAMES_count(names))).compactMap { index in
            guard let name = martlet_GENERAL_NAMES_at(names, index) else { return nil }
            switch name.pointee.type {
            case GEN_DNS: return String(decoding: bytes(name.pointee.d.dNSName), as: UTF8.self)
            case GEN_IPADD: return HostName.text(ofAddress: bytes(name.pointee.d.iPAddress))
            default: return nil
            }
        }
    }

    private static func bytes(_ string: UnsafePointer<ASN1_STRING>?) -> [UInt8] {
        guard let string, let data = ASN1_STRING_get0_data(string) else { return [] }
        return Array(UnsafeBufferPointer(start: data, count: Int(max(0, ASN1_STRING_length(string)))))
    }
}
