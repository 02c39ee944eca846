// How a context seals and opens its session tickets (RFC 5077, RFC 8446 §4.6.1) with the service's `TicketKeys`.

internal import COpenSSL

extension TLSContext {
    /// Tickets, with the keys of `keys`, which must outlive the context. There is no session cache and no early data.
    func setTickets(_ keys: TicketKeys) {
        SSL_CTX_set_timeout(pointer, Int(TicketKeys.sealingPeriod.components.seconds))
        // Index 0 of the extra data is the application's own, by OpenSSL's convention.
        SSL_CTX_set_ex_data(pointer, 0, Unmanaged.passUnretained(keys).toOpaque())
        SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer) { connection, name, vector, cipher, code, sealing in
            guard let connection, let name, let vector, let cipher, let code,
                let data = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(connection), 0)
            else { return TicketOutcome.failed }
            let keys = Unmanaged<TicketKeys>.fromOpaque(data).takeUnretainedValue()
            let ticket = TicketFrame(name: name, vector: vector, cipher: cipher, code: code)
            if sealing == 1 { return ticket.seal(keys) }
            return ticket.open(keys, isTLS13: SSL_version(connection) == TLS1_3_VERSION)
        }
        SSL_CTX_set_session_ticket_cb(pointer, nil, { _, session, _, _, status, _ in
            switch status {
            case SSL_TICKET_SUCCESS, SSL_TICKET_SUCCESS_RENEW:
                // Why: ClientCertificates.swift.
                guard let session, SSL_SESSION_get0_peer(session) == nil else {
                    return SSL_TICKET_RETURN_IGNORE_RENEW
                }
                return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW
            default: return SSL_TICKET_RETURN_IGNORE_RENEW
            }
        }, nil)
    }
}

/// What OpenSSL's ticket callback may answer.
private enum TicketOutcome {
    static let failed: Int32 = -1
    static let unknownKey: Int32 = 0
    static let good: Int32 = 1
    static let goodButRenew: Int32 = 2
}

/// One ticket in the making or in the reading: its key's name (16 bytes), its vector, and the contexts to be keyed.
private struct TicketFrame {
    let name: UnsafeMutablePointer<UInt8>
    let vector: UnsafeMutablePointer<UInt8>
    let cipher: OpaquePointer
    let code: OpaquePointer

    func seal(_ keys: TicketKeys) -> Int32 {
        guard let key = keys.keyForSealing(), let fresh = try? SecureRandom.bytes(16) else {
            return TicketOutcome.failed
        }
        for index in 0..<16 {
            name[index] = key.name[index]
            vector[index] = fresh[index]
        }
        guard EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1, setCode(key) else {
            return TicketOutcome.failed
        }
        return TicketOutcome.good
    }

    func open(_ keys: TicketKeys, isTLS13: Bool) -> Int32 {
        guard let (key, renew) = keys.keyForOpening(name: (0..<16).map { name[$0] }) else {
            return TicketOutcome.unknownKey
        }
        guard setCode(key), EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, key.cipherKey, vector) == 1 else {
            return TicketOutcome.failed
        }
        // RFC 8446 §C.4: a TLS 1.3 client should use a ticket once, so it gets a new one each time.
        return renew || isTLS13 ? TicketOutcome.goodButRenew : TicketOutcome.good
    }

    private func setCode(_ key: TicketKeys.Key) -> Bool {
        var bytes = key.codeKey
        return martlet_set_ticket_code_key(code, &bytes, bytes.count) == 1
    }
}
