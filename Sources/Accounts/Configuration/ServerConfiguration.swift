// What can be configured of the server: every value with its default. The keys that name them are in ConfigurationKeys.

package import Logging
package import MailCrypto

/// Whether a client may log in before TLS.
package enum PlaintextLogin: String, CaseIterable, Sendable {
    case never
    /// Only clients on this machine, and only on loopback addresses.
    case loopback
}

/// How large a literal an IMAP client may send without waiting to be asked for it (RFC 7888).
package enum IMAPLiterals: String, CaseIterable, Sendable {
    /// LITERAL+: as large as any.
    case any
    /// LITERAL-: 4096 bytes; larger ones are asked for.
    case small
}

/// How log lines are written.
package enum LogFormat: String, CaseIterable, Sendable { case logfmt, json }

/// A server's whole configuration.
package struct ServerConfiguration: Hashable, Sendable {
    /// The name the server greets with; nil: the one given at `martlet init`.
    package var hostname: String?
    package var imap: [ListenAddress]
    package var imaps: [ListenAddress]
    package var lmtp: [ListenAddress]
    package var plaintextLogin = PlaintextLogin.never
    package var imapLiterals = IMAPLiterals.any
    /// Connections from here must begin with a PROXY protocol header, and its address counts as the client's.
    package var proxyNetworks: [Network] = []
    package var tlsCertificate: String
    package var tlsKey: String
    /// In bytes.
    package var messageSize = 64 * 1_024 * 1_024
    /// IMAP connections in all, from one address, of one account, and LMTP connections in all.
    package var imapConnections = 5_000
    package var imapConnectionsPerAddress = 100
    package var imapConnectionsPerAccount = 200
    package var lmtpConnections = 100
    /// Of one LMTP transaction.
    package var recipients = 1_000
    package var argon2 = Argon2Parameters()
    /// Days that an expunged message stays restorable.
    package var retentionDays = 14
    package var logLevel = Logger.Level.info
    package var logFormat = LogFormat.logfmt

    /// The defaults of a server on the data directory `root`.
    package init(dataDirectory root: String) {
        imap = [.tcp(host: "0.0.0.0", port: 143), .tcp(host: "::", port: 143)]
        imaps = [.tcp(host: "0.0.0.0", port: 993), .tcp(host: "::", port: 993)]
        lmtp = [.unix(path: "\(root)/lmtp.sock")]
        tlsCertificate = "\(root)/tls/cert.pem"
        tlsKey = "\(root)/tls/key.pem"
    }
}
