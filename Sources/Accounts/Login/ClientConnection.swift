// What a protocol's server knows of a connection when somebody logs in over it.

package import MailStore

/// The facts of a TLS connection that logins look at.
package struct TLSFacts: Hashable, Sendable {
    /// `TLSv1.3` or `TLSv1.2`, for logs and the history.
    package var version: String
    /// The tls-exporter channel binding, 32 bytes (RFC 9266 §4.2); nil when the connection has none.
    package var channelBinding: [UInt8]?
    /// The SHA-256 of the DER of the certificate that the client proved to hold; nil when it presented none.
    package var certificateFingerprint: [UInt8]?

    package init(version: String, channelBinding: [UInt8]? = nil, certificateFingerprint: [UInt8]? = nil) {
        self.version = version
        self.channelBinding = channelBinding
        self.certificateFingerprint = certificateFingerprint
    }
}

/// Where a login comes from.
package struct ClientConnection: Sendable {
    /// `imap`, `lmtp` …
    package var protocolName: String
    /// What an app password or a certificate must be good for.
    package var scope: CredentialScope
    /// The client's address without its port.
    package var remoteAddress: String
    /// nil for a connection in plain text.
    package var tls: TLSFacts?
    /// The session's name in the log.
    package var session: String
    /// What the client called its program, if it did so before logging in; the client's own words.
    package var client: String?

    package init(
        protocolName: String, scope: CredentialScope, remoteAddress: String, tls: TLSFacts?, session: String,
        client: String? = nil
    ) {
        self.protocolName = protocolName
        self.scope = scope
        self.remoteAddress = remoteAddress
        self.tls = tls
        self.session = session
        self.client = client
    }
}
