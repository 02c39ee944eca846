// A try to log in on its way through the authenticator, and what was found about it.

internal import MailStore

/// Who tries, how and from where.
struct LoginAttempt: Sendable {
    /// The client's bytes, unchecked.
    var name: [UInt8]
    /// SASL's authorization identity; empty when the client acts for itself.
    var authorizationID: [UInt8] = []
    let mechanism: String
    let connection: ClientConnection

    var source: LoginLimiter.Source? { LoginLimiter.Source(connection.remoteAddress) }

    /// The name as text, at most `LoginLog.longestName` bytes of it; what is no UTF-8 becomes U+FFFD. An app password
    /// that was typed in the wrong field is not shown.
    var shownName: String {
        AppPasswordText.parse(name) == nil
            ? String(decoding: name.prefix(LoginLog.longestName), as: UTF8.self) : "(an app password)"
    }
}

/// What a check found.
enum LoginVerdict: Sendable {
    /// With what was read of the directory besides, if that was read in one go.
    case accepted(AccountRecord, CredentialRecord, LoginFacts? = nil)
    /// With the account that was meant, if there is one, and the ban that the failure earned.
    case refused(LoginRefusal, AccountRecord?, ban: BanRecord? = nil)
}
