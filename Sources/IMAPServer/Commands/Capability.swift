// CAPABILITY: what the server can do, as things stand.

import Accounts
import IMAPSyntax

extension Session {
    /// RFC 3501 §6.1.1.
    func capability() -> Completion {
        connection.writer.capability(capabilities)
        return .ok("CAPABILITY completed.")
    }

    var capabilities: [String] {
        let literals = literalCapability
        return Capabilities.list(
            .init(
                isAuthenticated: identity != nil, offersSTARTTLS: environment.tls != nil && !isTLS, mayLogIn: mayLogIn,
                mechanisms: offeredMechanisms.map(\.rawValue), appendLimit: limits.message,
                literals: literals)
        ).filter { $0 == literals || isOffered($0) }
    }

    /// What AUTHENTICATE takes on this connection, the best first; nothing after the login.
    var offeredMechanisms: [SASLMechanism] {
        identity == nil ? environment.authenticator.offered(clientConnection) : []
    }

    /// Whether a password may be sent as the connection is.
    var mayLogIn: Bool {
        isTLS || (environment.settings.plaintextLogin == .loopback && environment.isLoopback)
    }
}
