// LOGIN, and what LOGIN and AUTHENTICATE have in common: the outcome, its reply, the count of failures.

import Accounts
import IMAPSyntax
import Logging
import MailStore
import NIOCore
import Sockets

extension Session {
    static let privacyRequired = Completion.no(
        "A password may be sent over TLS only; use STARTTLS first.", code: .privacyRequired)
    private static let appPasswordNeeded =
        "This account needs an app password; make one and put it into this mail program in place of the password."

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
            protocolName: "imap", scope: .imap, remoteAddress: environment.remoteAddress, tls: tls,
            session: environment.sessionID, client: client)
    }

    /// Begins the session, or says why not. The authenticator has held a failure back already.
    func conclude(_ outcome: LoginOutcome) async throws -> Completion {
        switch outcome {
        case .success(let login): return try await begin(login)
        case .failure: return failed("The name or the password is wrong.", .authenticationFailed)
        case .appPasswordNeeded:
            connection.writer.untagged(.no, code: .alert, Session.appPasswordNeeded)
            return failed(Session.appPasswordNeeded, .authenticationFailed)
        case .unauthorized: return failed("Nobody may act for another here.", .authorizationFailed)
        case .limited: return failed("Too many failed logins; try again later.", .limit)
        case .unavailable:
            return .no("Logins are not possible now; try again later.", code: .unavailable)
        }
    }

    private func failed(_ text: String, _ code: ResponseCode) -> Completion {
        failedLogins += 1
        return .no(text, code: code)
    }

    private func begin(_ login: Accounts.Login) async throws -> Completion {
        let account = try await environment.store.account(login.account.id).used(by: environment.sessionID)
        var switches = login.switches
        if switches == nil {
            switches = try await environment.store.directory.capabilitySwitches(of: login.account.id)
        }
        let descriptors = environment.descriptors?.login()
        guard environment.descriptors == nil || descriptors != nil else {
            return .no("Too many files are open; try again later.", code: .unavailable)
        }
        let handle = SessionHandle(channel: connection.channel, gate: connection.gate, login: loginSlot)
        let most = environment.settings.connectionsPerAccount
        guard environment.liveSessions.add(LiveSession(login), most: most, end: { handle.end(.kicked) }) else {
            logger.notice("too many sessions of one account", metadata: ["account": "\(login.account.id)"])
            return .no("This account has \(most) sessions, as many as it may have; end one of them.", code: .limit)
        }
        identity = Identity(
            login: login, account: account, switches: switches ?? CapabilitySwitches(), descriptors: descriptors)
        loginSlot.set(login)
        connection.setAuthenticated(true)
        commandsWithoutLogin = 0
        logger.info(
            "imap login",
            metadata: ["account": "\(login.account.id)", "tls": "\(tls?.version ?? "none")"])
        try await leaveIfRevoked(login)
        return .ok("Logged in.", code: .capability(capabilities))
    }

    /// What ended the credential between the check and this moment was told to the sessions that were there then, and
    /// this one was not. Where nothing was told since, there is nothing to look for.
    private func leaveIfRevoked(_ login: Accounts.Login) async throws {
        guard login.mayBeOutdated(environment.store), await !login.isStillGood(environment.store) else { return }
        end(because: .revoked)
        throw Replied()
    }
}
