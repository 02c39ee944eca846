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
        let outcome = await environment.authenticator.logIn(
            name: login.user, password: login.password, clientConnection)
        return try await conclude(outcome)
    }

    /// What the authenticator is told of the connection.
    var clientConnection: ClientConnection {
        ClientConnection(
            protocolName: "imap", scope: .imap, remoteAddress: environment.remoteAddress,
            tls: isTLS ? TLSFacts(version: "TLS") : nil, session: environment.sessionID)
    }

    /// Begins the session, or says why not. A failure is answered after a pause.
    func conclude(_ outcome: LoginOutcome) async throws -> Completion {
        switch outcome {
        case .success(let login): return try await begin(login)
        case .failure: return try await failed("The name or the password is wrong.", .authenticationFailed)
        case .appPasswordNeeded:
            return try await failed("This account needs an app password.", .authenticationFailed)
        case .unauthorized: return try await failed("Nobody may act for another here.", .authorizationFailed)
        case .limited: return try await failed("Too many failed logins; try again later.", .limit)
        case .unavailable:
            return .no("Logins are not possible now; try again later.", code: .unavailable)
        }
    }

    private func failed(_ text: String, _ code: ResponseCode) async throws -> Completion {
        try await Task.sleep(for: environment.settings.failedLoginDelay)
        failedLogins += 1
        return .no(text, code: code)
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
