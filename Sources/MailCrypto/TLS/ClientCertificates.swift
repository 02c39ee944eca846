// Client certificates: asking for one without requiring it, and knowing which one came.
//
// Theory. Who somebody is, the directory says: a certificate is enrolled by its fingerprint, and nothing else about it
// counts, neither who issued it nor its dates. So a chain is not looked at; TLS itself has the client prove that it has
// the certificate's key. That proof is worth something only where it was given: a session whose client has shown a
// certificate is not resumed (SessionTickets.swift), so every connection with an identity has proved it. Nor does a
// connection that asks resume a session of one that did not: its client would never be asked. The two kinds have names
// of their own (`askingSessionContext`), as services have.

internal import COpenSSL

extension TLSContext {
    /// The most that a client's chain may take, in bytes. It comes before anybody has logged in.
    static let longestClientChain = 32768

    /// Takes whatever certificate a client shows. Instead of OpenSSL's verification, not after it: chains from
    /// strangers are work, and their verification has had its share of faults.
    func takeAnyClientCertificate() {
        martlet_SSL_CTX_set_max_cert_list(pointer, TLSContext.longestClientChain)
        SSL_CTX_set_cert_verify_callback(
            pointer,
            { store, _ in
                X509_STORE_CTX_set_error(store, X509_V_OK)
                return 1
            }, nil)
    }

    /// Which sessions a connection of this service that asks for certificates resumes: 32 bytes.
    func askingSessionContext() throws -> [UInt8] {
        try SHA256.hash(Array("client certificate asked for by ".utf8) + sessionContext)
    }
}

extension TLSConnection {
    /// Has the server ask for a certificate, before the handshake.
    func askForCertificate(sessions: [UInt8]) throws {
        OpenSSLErrors.clear()
        SSL_set_verify(pointer, SSL_VERIFY_PEER, nil)
        guard SSL_set_session_id_context(pointer, sessions, UInt32(truncatingIfNeeded: sessions.count)) == 1 else {
            throw CryptoError.openSSL("ask for client certificates")
        }
    }

    /// SHA-256 of the DER form of the certificate that the peer has shown and proved to own; nil before the handshake's
    /// end and when there is none.
    var peerCertificateFingerprint: [UInt8]? {
        guard isEstablished, let certificate = SSL_get1_peer_certificate(pointer) else { return nil }
        defer { X509_free(certificate) }
        return CertificateInfo.digest(certificate)
    }

    /// The tls-exporter binding (RFC 9266 §2).
    var channelBinding: [UInt8]? {
        guard let version, version == .tls13 || martlet_SSL_get_extms_support(pointer) == 1 else { return nil }
        return exportKeyingMaterial(label: "EXPORTER-Channel-Binding", context: [], length: 32)
    }
}
