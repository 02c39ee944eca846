// One TLS connection without its network: OpenSSL's SSL object, fed with records and asked for records.
//
// Theory. Records go in by `receive` and come out by `takeRecords`; between them stand the four operations, each of
// which does what it can with what has come and says how it ended. OpenSSL's result must be read (`SSL_get_error`)
// before anything else touches the object, so no operation calls out of this type. After a fatal error the object may
// only be freed: `isDead` turns every later operation into a failure. One event loop owns a connection; it is not
// Sendable.

internal import COpenSSL
internal import NIOCore

/// A client's session, to be resumed by a later connection with the same context. Immutable, hence Sendable.
package final class TLSSession: @unchecked Sendable {
    let pointer: OpaquePointer
    init(owning pointer: OpaquePointer) { self.pointer = pointer }
    deinit { SSL_SESSION_free(pointer) }
}

final class TLSConnection {
    /// How an operation ended.
    enum Outcome: Equatable {
        case done
        /// It goes on when more has come from the peer.
        case needsInput
        /// The peer has sent close_notify: it will send no more.
        case peerClosed
        /// Fatal; with OpenSSL's reasons. There may be an alert to send.
        case failed([String])
    }

    /// The most plaintext that one `read` gives, in bytes.
    static let longestRead = 65536

    private let context: TLSContext
    let pointer: OpaquePointer
    private let records = RecordBuffers()
    private var isDead = false

    private init(context: TLSContext) throws {
        OpenSSLErrors.clear()
        self.context = context
        guard let pointer = SSL_new(context.pointer) else { throw CryptoError.openSSL("make a TLS connection") }
        self.pointer = pointer
        let bio = try records.makeBIO()
        // One reference serves as both: OpenSSL takes it over.
        SSL_set_bio(pointer, bio, bio)
    }

    deinit { SSL_free(pointer) }

    /// The server's end. `asks`: for a client certificate, which the client may decline to show.
    static func server(_ context: TLSContext, asksForCertificate asks: Bool = false) throws -> TLSConnection {
        let connection = try TLSConnection(context: context)
        if asks { try connection.askForCertificate(sessions: context.askingSessionContext()) }
        SSL_set_accept_state(connection.pointer)
        return connection
    }

    /// The client's end, to `hostname`: a DNS name or an IP address.
    static func client(_ context: TLSContext, hostname: String?, resuming session: TLSSession?) throws -> TLSConnection
    {
        let connection = try TLSConnection(context: context)
        SSL_set_connect_state(connection.pointer)
        if let hostname {
            try connection.expect(hostname)
        } else if context.verifiesPeer {
            throw CryptoError("verify a server without its name")
        }
        if let session { SSL_set_session(connection.pointer, session.pointer) }
        return connection
    }

    private func expect(_ hostname: String) throws {
        if HostName.isIPAddress(hostname) {
            guard X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(pointer), hostname) == 1 else {
                throw CryptoError.openSSL("expect the address \(hostname)")
            }
        } else {
            SSL_set_hostflags(pointer, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard HostName.isValid(hostname), SSL_set1_host(pointer, hostname) == 1,
                martlet_SSL_set_tlsext_host_name(pointer, hostname) == 1
            else { throw CryptoError.openSSL("expect the host name \"\(hostname)\"") }
        }
    }
}

// MARK: Records

extension TLSConnection {
    /// Takes what came from the network.
    func receive(_ bytes: ByteBuffer) {
        if !isDead { records.receive(bytes) }
    }

    /// Bytes that came and were not looked at.
    var hasUnreadRecords: Bool { records.inboundCount > 0 }
    /// Bytes that `takeRecords` would give.
    var recordCount: Int { records.outboundCount }

    /// What is to go to the network; nil when there is nothing.
    func takeRecords() -> ByteBuffer? { records.takeOutbound() }
}

// MARK: Operations

extension TLSConnection {
    /// Goes on with the handshake.
    func handshake() -> Outcome {
        guard !isDead else { return .failed([]) }
        OpenSSLErrors.clear()
        let result = SSL_do_handshake(pointer)
        return result == 1 ? .done : outcome(of: result)
    }

    /// Decrypts up to `longestRead` bytes. `.done` when there may be more; the bytes count whatever the outcome is.
    func read(allocator: ByteBufferAllocator) -> (plaintext: ByteBuffer?, outcome: Outcome) {
        guard !isDead else { return (nil, .failed([])) }
        var plaintext: ByteBuffer?
        while true {
            let filled = plaintext?.readableBytes ?? 0
            guard filled < TLSConnection.longestRead else { return (plaintext, .done) }
            OpenSSLErrors.clear()
            // The plaintext is shorter than its records, so this much is enough and seldom too much.
            let wanted = max(records.inboundCount, Int(SSL_pending(pointer)), 256)
            let room = min(wanted, TLSConnection.longestRead - filled)
            var buffer = plaintext.take() ?? allocator.buffer(capacity: room)
            var result: Int32 = 0
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
                var count = 0
                result = SSL_read_ex(pointer, memory.baseAddress, min(memory.count, room), &count)
                return result == 1 ? count : 0
            }
            let outcome = result == 1 ? Outcome.done : outcome(of: result)
            plaintext = buffer.readableBytes > 0 ? buffer : nil
            if outcome != .done { return (plaintext, outcome) }
        }
    }

    /// Encrypts the first `limit` bytes of `plaintext` at most, and takes them off it.
    func write(_ plaintext: inout ByteBuffer, limit: Int, allocator: ByteBufferAllocator) -> Outcome {
        guard !isDead else { return .failed([]) }
        var remaining = min(limit, plaintext.readableBytes)
        records.reserveOutbound(forPlaintext: remaining, allocator: allocator)
        while remaining > 0 {
            OpenSSLErrors.clear()
            var count = 0
            let result = plaintext.withUnsafeReadableBytes { memory in
                SSL_write_ex(pointer, memory.baseAddress, remaining, &count)
            }
            guard result == 1 else { return outcome(of: result) }
            plaintext.moveReaderIndex(forwardBy: count)
            remaining -= count
        }
        return .done
    }

    /// Writes a close_notify alert, once.
    func sendCloseNotify() {
        guard !isDead, SSL_get_shutdown(pointer) & SSL_SENT_SHUTDOWN == 0 else { return }
        OpenSSLErrors.clear()
        SSL_shutdown(pointer)
        OpenSSLErrors.clear()
    }

    /// Reads why the operation that has just returned `result` stopped.
    private func outcome(of result: Int32) -> Outcome {
        switch SSL_get_error(pointer, result) {
        case SSL_ERROR_WANT_READ: return .needsInput
        case SSL_ERROR_ZERO_RETURN: return .peerClosed
        default:
            isDead = true
            return .failed(failureReasons())
        }
    }

    private func failureReasons() -> [String] {
        var reasons = OpenSSLErrors.drain()
        let verification = SSL_get_verify_result(pointer)
        if verification != Int(X509_V_OK), let text = X509_verify_cert_error_string(verification) {
            reasons.append(String(cString: text))
        }
        return reasons
    }
}

// MARK: What was agreed on

extension TLSConnection {
    var isEstablished: Bool { SSL_is_init_finished(pointer) == 1 }

    var version: TLSVersion? {
        isEstablished ? TLSVersion(rawValue: Int(SSL_version(pointer))) : nil
    }

    var cipherSuite: String? {
        guard isEstablished, let cipher = SSL_get_current_cipher(pointer), let name = SSL_CIPHER_standard_name(cipher)
        else { return nil }
        return String(cString: name)
    }

    var applicationProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(pointer, &name, &length)
        guard let name, length > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    var isResumed: Bool { SSL_session_reused(pointer) == 1 }

    /// The session as it is now. In TLS 1.3 tickets come after the handshake, with or before the first data.
    var session: TLSSession? {
        guard let session = SSL_get1_session(pointer) else { return nil }
        guard SSL_SESSION_is_resumable(session) == 1 else {
            SSL_SESSION_free(session)
            return nil
        }
        return TLSSession(owning: session)
    }

    func exportKeyingMaterial(label: String, context: [UInt8]?, length: Int) -> [UInt8]? {
        guard isEstablished, !isDead, (1...1024).contains(length) else { return nil }
        OpenSSLErrors.clear()
        var material = [UInt8](repeating: 0, count: length)
        let given = context ?? []
        let result = SSL_export_keying_material(
            pointer, &material, length, label, label.utf8.count, given, given.count, context == nil ? 0 : 1)
        OpenSSLErrors.clear()
        return result == 1 ? material : nil
    }
}
