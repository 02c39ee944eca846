// How a TLS service or client is to be set up.

/// The protocol versions that we speak.
package enum TLSVersion: Int, Comparable, Sendable, CustomStringConvertible {
    case tls12 = 0x0303
    case tls13 = 0x0304

    package static func < (left: TLSVersion, right: TLSVersion) -> Bool { left.rawValue < right.rawValue }
    package var description: String { self == .tls12 ? "TLSv1.2" : "TLSv1.3" }
}

/// What a service offers over TLS, apart from its certificate.
package struct TLSServerSettings: Sendable {
    /// Names the service, at most 32 bytes: a session of one service cannot be resumed at another (RFC 5246 §F.1.4).
    package var service: String
    /// ALPN names in the order of preference (RFC 7301), such as ["imap"]. A client that offers ALPN and none of these
    /// gets the alert no_application_protocol; one that offers no ALPN is welcome. Empty: ALPN is ignored.
    package var applicationProtocols: [String]
    package var minimumVersion: TLSVersion
    package var maximumVersion: TLSVersion

    package init(
        service: String, applicationProtocols: [String] = [], minimumVersion: TLSVersion = .tls12,
        maximumVersion: TLSVersion = .tls13
    ) {
        self.service = service
        self.applicationProtocols = applicationProtocols
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
    }
}

/// Whom a client believes.
package enum TLSTrust: Sendable {
    /// Certificates that chain to one of these, PEM; the name must match too.
    case pem(String)
    /// Certificates that chain to the system's authorities; the name must match too.
    case system
    /// Anyone. For tests and for loopback.
    case anyone
}

/// How a client connects.
package struct TLSClientSettings: Sendable {
    package var trust: TLSTrust
    /// What the client shows of itself to a server that asks.
    package var certificate: CertificateFiles?
    package var applicationProtocols: [String]
    package var minimumVersion: TLSVersion
    package var maximumVersion: TLSVersion

    package init(
        trust: TLSTrust, certificate: CertificateFiles? = nil, applicationProtocols: [String] = [],
        minimumVersion: TLSVersion = .tls12, maximumVersion: TLSVersion = .tls13
    ) {
        self.trust = trust
        self.certificate = certificate
        self.applicationProtocols = applicationProtocols
        self.minimumVersion = minimumVersion
        self.maximumVersion = maximumVersion
    }
}
