// The SASL mechanisms that we have, by the names of the IANA registry.

/// A mechanism.
package enum SASLMechanism: String, CaseIterable, Sendable {
    /// RFC 4422 appendix A: who holds the client certificate.
    case external = "EXTERNAL"
    /// RFC 5802, RFC 7677, with a channel binding (RFC 9266).
    case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
    case scramSHA256 = "SCRAM-SHA-256"
    /// RFC 4616.
    case plain = "PLAIN"
    /// draft-murchison-sasl-login.
    case login = "LOGIN"

    /// - Parameter name: in any letter case (RFC 4422 §3.1 has them in capitals; clients do not).
    package init?(name: String) {
        guard let found = SASLMechanism.allCases.first(where: { $0.rawValue == name.uppercased() }) else { return nil }
        self = found
    }
}
