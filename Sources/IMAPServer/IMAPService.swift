// The IMAP service: its listeners, its sessions, and how they end.

package import Accounts
package import Logging
package import MailCrypto
package import MailStore
package import NIOCore

/// How a listener's connections come to TLS.
package enum ConnectionSecurity: Sendable {
    /// In plain text, with STARTTLS (RFC 3501 §6.2.1).
    case startTLS
    /// TLS from the first byte (RFC 8314 §3.3).
    case implicitTLS
}

/// All IMAP of one process. Bind as many addresses as there are; end with `drain`.
package final class IMAPService: Sendable {
    /// - Parameters:
    ///   - authenticator: who may log in.
    ///   - tls: nil to offer none (tests); an `implicitTLS` listener needs one.
    ///   - settings: at first; `reload` changes them.
    package init(
        store: MailStore.Store, authenticator: Authenticator, tls: ReloadableTLSContext?, settings: IMAPSettings,
        logger: Logger
    ) {}

    /// Listens on an address.
    /// - Parameter port: 0 for any that is free.
    /// - Returns: the port.
    package func bind(
        host: String, port: Int, security: ConnectionSecurity, on group: any EventLoopGroup
    ) async throws -> Int { port }

    /// New connections get these settings; sessions that exist keep theirs.
    package func reload(_ settings: IMAPSettings) {}

    /// Closes the listeners, tells every session BYE and waits for it to end, for at most `IMAPSettings.drainTime`; what is
    /// left is closed.
    package func drain() async {}
}
