// A service's or client's TLS set-up: certificate, versions, ciphers, ALPN, tickets; shared by its connections.

internal import COpenSSL

/// An immutable OpenSSL context. Sendable: OpenSSL's SSL_CTX may be used by many threads once it is set up, and nothing
/// of ours changes it after `init`.
package final class TLSContext: @unchecked Sendable {
    /// Forward secrecy and authenticated encryption only. In TLS 1.3 every suite is like that.
    static let tls12Ciphers = [
        "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
    ].joined(separator: ":")
    static let groups = "X25519:P-256:P-384"

    let pointer: OpaquePointer
    /// Whether connections check the peer's certificate and name.
    let verifiesPeer: Bool
    /// The name of the service as sessions know it; empty for a client.
    private(set) var sessionContext: [UInt8] = []
    // The SSL_CTX points to these without holding them.
    private let protocols: ProtocolList
    private let ticketKeys: TicketKeys?

    private init(
        method: OpaquePointer?, protocols: [String], versions: ClosedRange<TLSVersion>, ticketKeys: TicketKeys?,
        verifiesPeer: Bool
    ) throws {
        OpenSSLErrors.clear()
        self.protocols = try ProtocolList(protocols)
        guard let pointer = SSL_CTX_new(method) else { throw CryptoError.openSSL("make a TLS context") }
        self.pointer = pointer
        self.ticketKeys = ticketKeys
        self.verifiesPeer = verifiesPeer
        SSL_CTX_set_security_level(pointer, 2)
        // Buffers are given back between records, which is what keeps an idle connection small.
        martlet_SSL_CTX_set_mode(
            pointer,
            Int(SSL_MODE_RELEASE_BUFFERS) | Int(SSL_MODE_ENABLE_PARTIAL_WRITE)
                | Int(SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        martlet_SSL_CTX_set_session_cache_mode(pointer, Int(SSL_SESS_CACHE_OFF))
        guard martlet_SSL_CTX_set_min_proto_version(pointer, Int32(versions.lowerBound.rawValue)) == 1,
            martlet_SSL_CTX_set_max_proto_version(pointer, Int32(versions.upperBound.rawValue)) == 1,
            SSL_CTX_set_cipher_list(pointer, TLSContext.tls12Ciphers) == 1,
            martlet_SSL_CTX_set1_groups_list(pointer, TLSContext.groups) == 1
        else { throw CryptoError.openSSL("set up a TLS context") }
    }

    deinit { SSL_CTX_free(pointer) }

    /// The context of a service. `ticketKeys` is the service's, the same at each reload. Throws a `CertificateError`
    /// that names the file and what is wrong with it, or a `CryptoError` for impossible settings.
    package static func server(
        files: CertificateFiles, settings: TLSServerSettings, ticketKeys: TicketKeys = TicketKeys()
    ) throws -> TLSContext {
        let loaded = try LoadedCertificate(files)
        let versions = try range(settings.minimumVersion, settings.maximumVersion)
        let context = try TLSContext(
            method: TLS_server_method(), protocols: settings.applicationProtocols, versions: versions,
            ticketKeys: ticketKeys, verifiesPeer: false)
        SSL_CTX_set_options(context.pointer, martlet_server_options)
        martlet_SSL_CTX_set_dh_auto(context.pointer)
        try context.use(loaded, file: files.certificateChain)
        try context.setService(settings.service)
        context.takeAnyClientCertificate()
        context.setTickets(ticketKeys)
        if !settings.applicationProtocols.isEmpty { context.selectProtocols() }
        return context
    }

    /// The context of a client.
    package static func client(_ settings: TLSClientSettings) throws -> TLSContext {
        let versions = try range(settings.minimumVersion, settings.maximumVersion)
        var verifies = true
        if case .anyone = settings.trust { verifies = false }
        let context = try TLSContext(
            method: TLS_client_method(), protocols: settings.applicationProtocols, versions: versions, ticketKeys: nil,
            verifiesPeer: verifies)
        SSL_CTX_set_options(context.pointer, martlet_client_options)
        try context.trust(settings.trust)
        if let files = settings.certificate {
            try context.use(LoadedCertificate(files), file: files.certificateChain)
        }
        if !settings.applicationProtocols.isEmpty {
            // This one function gives 0 for success.
            let list = context.protocols
            guard SSL_CTX_set_alpn_protos(context.pointer, list.memory.baseAddress, UInt32(list.memory.count)) == 0
            else { throw CryptoError.openSSL("set the application protocols") }
        }
        return context
    }

    private static func range(_ minimum: TLSVersion, _ maximum: TLSVersion) throws -> ClosedRange<TLSVersion> {
        guard minimum <= maximum else { throw CryptoError("speak TLS from \(minimum) up to \(maximum)") }
        return minimum...maximum
    }
}

extension TLSContext {
    private func use(_ loaded: LoadedCertificate, file: String) throws {
        OpenSSLErrors.clear()
        let chainFits = loaded.chain.use { leaf, others in
            SSL_CTX_use_certificate(pointer, leaf) == 1
                && others.allSatisfy { martlet_SSL_CTX_add1_chain_cert(pointer, $0) == 1 }
        }
        guard chainFits, loaded.key.use({ SSL_CTX_use_PrivateKey(pointer, $0) == 1 }),
            SSL_CTX_check_private_key(pointer) == 1
        else {
            let reasons = OpenSSLErrors.drain()
            throw CertificateError.unusable(file: file, reason: reasons.joined(separator: "; "))
        }
    }

    private func setService(_ service: String) throws {
        let name = Array(service.utf8)
        guard (1...Int(SSL_MAX_SID_CTX_LENGTH)).contains(name.count),
            SSL_CTX_set_session_id_context(pointer, name, UInt32(name.count)) == 1
        else { throw CryptoError("name a TLS service \"\(service)\": the name must have 1 to 32 bytes") }
        sessionContext = name
    }

    private func trust(_ trust: TLSTrust) throws {
        OpenSSLErrors.clear()
        switch trust {
        case .anyone:
            SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
            return
        case .system:
            guard SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw CryptoError.openSSL("load the system's certificate authorities")
            }
        case .pem(let pem):
            let chain = try CertificateChain(pem: Array(pem.utf8), file: "the trusted certificates")
            let store = SSL_CTX_get_cert_store(pointer)
            let added = chain.use { leaf, others in
                ([leaf] + others).allSatisfy { X509_STORE_add_cert(store, $0) == 1 }
            }
            guard added else {
                throw CryptoError.openSSL("trust the given certificates")
            }
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    }

    /// RFC 7301 §3.2: the server's preference decides; no protocol in common is fatal.
    private func selectProtocols() {
        SSL_CTX_set_alpn_select_cb(
            pointer,
            { _, chosen, chosenLength, offered, offeredLength, list in
                guard let list, let chosen, let chosenLength, let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                let ours = Unmanaged<ProtocolList>.fromOpaque(list).takeUnretainedValue().memory
                var match: UnsafeMutablePointer<UInt8>?
                let found = SSL_select_next_proto(
                    &match, chosenLength, ours.baseAddress, UInt32(truncatingIfNeeded: ours.count), offered,
                    offeredLength)
                guard found == OPENSSL_NPN_NEGOTIATED, let match else { return SSL_TLSEXT_ERR_ALERT_FATAL }
                // `match` lies in our list or in the client's offer: both outlive the handshake.
                chosen.pointee = UnsafePointer(match)
                return SSL_TLSEXT_ERR_OK
            }, Unmanaged.passUnretained(protocols).toOpaque())
    }
}

/// ALPN names as they travel (RFC 7301 §3.1): each with its length before it. Its memory does not move, so OpenSSL may
/// keep pointers into it for as long as the object lives.
private final class ProtocolList {
    let memory: UnsafeMutableBufferPointer<UInt8>

    init(_ names: [String]) throws {
        var bytes: [UInt8] = []
        for name in names {
            guard let length = UInt8(exactly: name.utf8.count), length > 0 else {
                throw CryptoError("offer the application protocol \"\(name)\": a name has 1 to 255 bytes")
            }
            bytes.append(length)
            bytes += name.utf8
        }
        memory = .allocate(capacity: bytes.count)
        _ = memory.initialize(from: bytes)
    }

    deinit { memory.deallocate() }
}
