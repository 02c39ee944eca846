// A try to log in, and what becomes of it.

package import MailStore

/// What a client presented, and where it came from. Name and password are the client's bytes, unchecked.
package struct LoginAttempt: Sendable {
    package var name: [UInt8]
    package var password: [UInt8]
    /// SASL's authorization identity (RFC 4616 §2); empty when the client acts for itself.
    package var authorizationID: [UInt8]
    /// `imap`, `smtp` …
    package var protocolName: String
    /// `LOGIN`, `PLAIN` …
    package var mechanism: String
    /// The client's address without its port.
    package var remoteAddress: String
    package var tls: Bool
    /// The session's name in the log.
    package var session: String

    package init(
        name: [UInt8], password: [UInt8], authorizationID: [UInt8] = [], protocolName: String, mechanism: String,
        remoteAddress: String, tls: Bool, session: String
    ) {
        self.name = name
        self.password = password
        self.authorizationID = authorizationID
        self.protocolName = protocolName
        self.mechanism = mechanism
        self.remoteAddress = remoteAddress
        self.tls = tls
        self.session = session
    }
}

/// What a login came to. A failure has one face for every cause; the log alone knows more.
package enum LoginOutcome: Sendable {
    case success(Login)
    /// Unknown, wrong, suspended, not allowed: `NO [AUTHENTICATIONFAILED]`, 535 5.7.8.
    case failure
    /// Nothing was decided; the client may try again: `NO [UNAVAILABLE]`, 454 4.7.0. The reason is for the log.
    case unavailable(reason: String)
}

/// A successful login: whose it is, and by what right.
package struct Login: Sendable {
    package let account: AccountRecord
    package let credential: CredentialID
    /// The credential's `changed` at login; another value means that it was replaced.
    package let credentialChanged: Int64

    package init(account: AccountRecord, credential: CredentialID, credentialChanged: Int64) {
        self.account = account
        self.credential = credential
        self.credentialChanged = credentialChanged
    }

    /// Whether the session may go on: the account is active and the credential is the one it logged in with.
    ///
    /// True when the directory cannot be read just now: trouble with storage ends no session.
    package func isStillGood(_ store: Store) async -> Bool {
        do {
            guard let now = try await store.directory.account(account.id), now.status == .active else { return false }
            return try await store.directory.credentialExists(credential, changed: credentialChanged)
        } catch {
            return true
        }
    }
}
