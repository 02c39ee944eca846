// A service's or client's TLS set-up: certificate, versions, ciphers, ALPN, tickets; shared by its connections.

internal import COpenSSL

/// An immutable OpenSSL context. Sendable: OpenSSL's SSL_CTX may be used by many threads once it is set up, and nothing of
/// ours changes it after `init`.
package final class TLSContext: @unchecked Sendable {
    let pointer: OpaquePointer

    init(pointer: OpaquePointer) { self.pointer = pointer }

    deinit { SSL_CTX_free(pointer) }

    /// The context of a service. `ticketKeys` is the service's, the same at each reload.
    package static func server(
        files: CertificateFiles, settings: TLSServerSettings, ticketKeys: TicketKeys = TicketKeys()
    ) throws -> TLSContext {
        throw CryptoError("make a TLS context yet")
    }

    /// The context of a client.
    package static func client(_ settings: TLSClientSettings) throws -> TLSContext {
        throw CryptoError("make a TLS context yet")
    }
}
