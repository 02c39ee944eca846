// What a try to log in comes to: the outcomes that a protocol must have replies for, and what a success is worth.

package import MailStore

/// What a login came to. A failure has one face for every cause; the log alone knows more.
package enum LoginOutcome: Sendable {
    case success(Login)
    /// Unknown, wrong, suspended, out of its scope: `NO [AUTHENTICATIONFAILED]`, 535 5.7.8.
    case failure
    /// The main password was right, and is not accepted here: an app password is needed. 534 5.7.9.
    case appPasswordNeeded
    /// Logged in, but to act for another (SASL's authorization identity): `NO [AUTHORIZATIONFAILED]`.
    case unauthorized
    /// Too many failures from this network or for this name; nothing was checked: `NO [LIMIT]`, 454 4.7.0.
    case limited
    /// Nothing was decided; the client may try again: `NO [UNAVAILABLE]`, 454 4.7.0. The reason is for the log.
    case unavailable(reason: String)
}

/// A successful login: whose it is, by what right, and for what.
package struct Login: Sendable {
    package let account: AccountRecord
    package let credential: CredentialID
    /// The credential's `changed` at login; another value means that it was replaced.
    package let credentialChanged: Int64
    package let credentialKind: CredentialKind
    /// What people call the credential; empty for the main password.
    package let label: String
    /// What the login is good for; the main password is good for everything but `readOnly`.
    package let scopes: Set<CredentialScope>
    /// Seconds since 1970; nil for a credential that does not expire.
    package let expires: Int64?
    /// The connection that it came over.
    package let connection: ClientConnection
    /// The account's, as they were at login; nil when they are still to be read.
    package let switches: CapabilitySwitches?
    /// Of the directory, when what the login was judged by was read; nil when that was read bit by bit.
    private let version: DirectoryVersion?

    /// Whether nothing may be changed through it.
    package var isReadOnly: Bool { scopes.contains(.readOnly) }

    /// - Parameter facts: what else was read together with the account and the credential.
    package init(
        account: AccountRecord, credential: CredentialRecord, connection: ClientConnection, facts: LoginFacts? = nil
    ) {
        self.account = account
        self.credential = credential.id
        credentialChanged = credential.changed
        credentialKind = credential.kind
        label = credential.label
        scopes = credential.kind == .password ? Login.mainPasswordScopes : credential.scopes
        expires = credential.expires
        self.connection = connection
        switches = facts?.switches
        version = facts?.version
    }

    private static let mainPasswordScopes = Set(CredentialScope.allCases.filter { $0 != .readOnly })

    /// Whether the directory may have changed since the login was judged: then `isStillGood` is to be asked, once those
    /// who tell sessions of such changes know of this one.
    package func mayBeOutdated(_ store: Store) -> Bool { version != store.directory.version }

    /// Whether the session may go on: the account is active, the credential is the one it logged in with and has not
    /// expired, and a main password is still accepted from there.
    ///
    /// True when the directory cannot be read just now: trouble with storage ends no session.
    /// - Parameter now: seconds since 1970.
    package func isStillGood(_ store: Store, now: Int64 = LoginClock.system.now()) async -> Bool {
        if let expires, expires <= now { return false }
        do {
            guard let current = try await store.directory.account(account.id), current.status == .active else {
                return false
            }
            if credentialKind == .password {
                let policy = try await PolicyInfo.read(current, store.directory)
                guard policy.allowsMainPassword(from: connection.remoteAddress) else { return false }
            }
            return try await store.directory.credentialExists(credential, changed: credentialChanged)
        } catch {
            return true
        }
    }
}
