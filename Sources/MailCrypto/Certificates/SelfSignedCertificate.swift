// A certificate for a machine that has none from an authority yet.

internal import COpenSSL

/// An ECDSA P-256 certificate signed by its own key.
package enum SelfSignedCertificate {
    /// Makes a key and a certificate for `hostname` and the `alternativeNames` (DNS names and IP addresses), valid from an hour
    /// ago for `validDays` days (1 to 3650). A client that is given the certificate as its authority verifies it.
    /// Throws for names that are no names.
    package static func make(
        hostname: String, alternativeNames: [String] = [], validDays: Int = 365
    ) throws -> (certificatePEM: String, privateKeyPEM: String) {
        throw CryptoError("make a certificate yet")
    }
}
