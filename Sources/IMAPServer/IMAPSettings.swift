// What the IMAP service is told by its configuration.

package import Accounts
import IMAPSyntax

/// Whether a password may cross an unencrypted connection.
package enum PlaintextLogin: String, CaseIterable, Sendable {
    /// Between processes of this machine only: both ends are loopback addresses.
    case loopback
    /// Never: LOGINDISABLED until STARTTLS.
    case never
}

/// How large a literal may be that is sent without waiting for `+` (RFC 7888).
package enum NonSynchronizingLiterals: String, CaseIterable, Sendable {
    /// LITERAL+: as large as any.
    case any
    /// LITERAL-: 4096 bytes.
    case small
}

/// The service's settings. A change applies to connections that come after it.
package struct IMAPSettings: Sendable {
    /// Greets and is named in the log.
    package var hostname: String
    package var plaintextLogin: PlaintextLogin
    package var limits: IMAPLimits
    package var literals = NonSynchronizingLiterals.any
    /// Connections in all, and from one address (of IPv6: one /64); this machine's own count for the first only.
    package var connections: Int
    package var connectionsPerSource: Int
    /// Sessions that one account may have, wherever they come from.
    package var connectionsPerAccount: Int
    /// Proxies whose connections must begin with a PROXY protocol header.
    package var proxyNetworks: [Network]
    /// Wrong passwords on one connection; then BYE.
    package var failedLogins: Int
    /// How often IDLE says that the connection still stands, for the routers between that forget quiet connections.
    package var idleKeepAlive: Duration
    /// How often a command that takes long says how far it has come (RFC 9585 §4).
    package var progressInterval: Duration
    /// How long `drain` waits for sessions to take their leave.
    package var drainTime: Duration

    package init(hostname: String, plaintextLogin: PlaintextLogin = .never, limits: IMAPLimits = IMAPLimits()) {
        self.hostname = hostname
        self.plaintextLogin = plaintextLogin
        self.limits = limits
        connections = 5_000
        connectionsPerSource = 100
        connectionsPerAccount = 200
        proxyNetworks = []
        failedLogins = 3
        idleKeepAlive = .seconds(120)
        progressInterval = .seconds(10)
        drainTime = .seconds(5)
    }
}
