// LOGIN, and what LOGIN and AUTHENTICATE have in common: the check, the delay, the count of failures.

import Accounts
import IMAPSyntax
import Logging
import MailStore
import NIOCore

extension Session {
    static let privacyRequired = Completion.no(
        "A password may be sent over TLS only; use STARTTLS first.", code: .privacyRequired)

    /// RFC 3501 §6.2.3.
    func login(_ login: IMAPSyntax.Login) async throws -> Completion {
        guard mayLogIn else { return Session.privacyRequired }
        let credentials = SASLCredentials(authorizationID: [], name: login.user, password: login.password)
        return try await logIn(credentials, mechanism: "LOGIN")
    }

    /// Checks the credentials. A failure is answered after a pause, the last one allowed with BYE besides.
    func logIn(_ credentials: SASLCredentials, mechanism: String) async throws -> Completion {
        let attempt = LoginAttempt(
            name: credentials.name, password: credentials.password, authorizationID: credentials.authorizationID,
            protocolName: "imap", mechanism: mechanism, remoteAddress: environment.remoteAddress, tls: isTLS,
            session: environment.sessionID)
        switch await environment.authenticator.authenticate(attempt) {
        case .success(let login): return try await begin(login)
        case .failure:
            try await Task.sleep(for: environment.settings.failedLoginDelay)
            failedLogins += 1
            return .no("The name or the password is wrong.", code: .authenticationFailed)
        case .unavailable:
            return .no("Logins are not possible now; try again later.", code: .unavailable)
        }
    }

    private func begin(_ login: Accounts.Login) async throws -> Completion {
        let account = try await environment.store.account(login.account.id)
        identity = Identity(login: login, account: account)
        loginSlot.set(login)
        connection.framer.authenticated = true
        logger.info("imap login", metadata: ["account": "\(login.account.id)", "tls": "\(isTLS)"])
        return .ok("Logged in.", code: .capability(capabilities))
    }
}
