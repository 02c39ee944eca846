// A certificate for a machine that has none from an authority yet.

internal import COpenSSL

/// An ECDSA P-256 certificate signed by its own key.
package enum SelfSignedCertificate {
    /// Makes a key and a certificate for `hostname` and the `alternativeNames` (DNS names and IP addresses), valid from
    /// an hour ago for `validDays` days (1 to 3650). A client that is given the certificate as its authority verifies
    /// it. Throws a `CryptoError` for names that are no names. The key must be written to a file that its owner alone
    /// reads.
    package static func make(
        hostname: String, alternativeNames: [String] = [], validDays: Int = 365
    ) throws -> (certificatePEM: String, privateKeyPEM: String) {
        guard (1...3650).contains(validDays) else {
            throw CryptoError("make a certificate for \(validDays) days; 1 to 3650 are possible")
        }
        let names = try namesText([hostname] + alternativeNames)
        OpenSSLErrors.clear()
        guard let generated = martlet_generate_P256_key() else { throw CryptoError.openSSL("make a key") }
        return try PrivateKey(owning: generated).use { key in
            try make(key: key, hostname: hostname, names: names, validDays: validDays)
        }
    }

    private static func make(
        key: OpaquePointer, hostname: String, names: String, validDays: Int
    ) throws -> (certificatePEM: String, privateKeyPEM: String) {
        guard let certificate = X509_new() else { throw CryptoError.openSSL("make a certificate") }
        defer { X509_free(certificate) }
        try describe(certificate, hostname: hostname, validDays: validDays)
        guard X509_set_pubkey(certificate, key) == 1 else { throw CryptoError.openSSL("make a certificate") }
        try extend(certificate, names: names)
        guard X509_sign(certificate, key, EVP_sha256()) > 0 else {
            throw CryptoError.openSSL("sign a certificate")
        }
        return try (
            PEM.write("a certificate") { PEM_write_bio_X509($0, certificate) },
            PEM.write("a key") { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        )
    }

    /// The names as OpenSSL's extension syntax has them, each once. The syntax has separators of its own, so nothing
    /// but names and addresses may get into it.
    private static func namesText(_ names: [String]) throws -> String {
        var texts: [String] = []
        for name in names {
            let text: String
            if HostName.isIPAddress(name) {
                text = "IP:" + name
            } else if HostName.isValid(name) {
                text = "DNS:" + name
            } else {
                throw CryptoError("make a certificate for \"\(name)\": it is neither a host name nor an IP address")
            }
            if !texts.contains(text) { texts.append(text) }
        }
        return texts.joined(separator: ",")
    }

    /// Version, serial number, dates, and the subject, who is the issuer too.
    private static func describe(_ certificate: OpaquePointer, hostname: String, validDays: Int) throws {
        // Positive and not short: RFC 5280 §4.1.2.2.
        var serial = try SecureRandom.bytes(16)
        serial[0] = serial[0] & 0x3f | 0x40
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        defer { BN_free(number) }
        // A common name has at most 64 letters (RFC 5280 §A.1); the names that count stand in the extension.
        let commonName = hostname.utf8.count <= 64 ? hostname : "Martlet"
        let subject = X509_get_subject_name(certificate)
        guard X509_set_version(certificate, 2) == 1,
            BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil,
            X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) != nil,
            X509_gmtime_adj(X509_getm_notAfter(certificate), validDays * 86400) != nil,
            X509_NAME_add_entry_by_NID(
                subject, NID_commonName, MBSTRING_UTF8, commonName, Int32(commonName.utf8.count), -1, 0) == 1,
            X509_set_issuer_name(certificate, subject) == 1
        else { throw CryptoError.openSSL("make a certificate") }
    }

    /// What makes it a server's certificate, and an authority's, which some clients want of one that they are to trust.
    private static func extend(_ certificate: OpaquePointer, names: String) throws {
        let extensions: [(Int32, String)] = [
            (NID_subject_key_identifier, "hash"),
            (NID_basic_constraints, "critical,CA:TRUE,pathlen:0"),
            (NID_key_usage, "critical,digitalSignature,keyCertSign"),
            (NID_ext_key_usage, "serverAuth"),
            (NID_subject_alt_name, names),
        ]
        for (kind, value) in extensions {
            var context = X509V3_CTX()
            X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
            guard let made = X509V3_EXT_conf_nid(nil, &context, kind, value) else {
                throw CryptoError.openSSL("give a certificate the extension \"\(value)\"")
            }
            defer { X509_EXTENSION_free(made) }
            guard X509_add_ext(certificate, made, -1) == 1 else { throw CryptoError.openSSL("make a certificate") }
        }
    }
}
