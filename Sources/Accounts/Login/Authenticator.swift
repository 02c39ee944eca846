// Who may log in: one answer for every protocol, in the same time and with the same face for every reason to refuse.
//
// Theory. An attempt becomes a verdict in one of four ways, each in its own file: a main password (the only secret that
// a person chose, so the only one that limits, policy and the slow hash stand around), an app password, a SCRAM proof
// of an app password, a certificate. What looks like an app password is one, and is never tried as a main password.
// `settle` then does the same for all: one log line, the history or the failures, the delay.
//
// Every try at a main password costs exactly one argon2id verification, whether the name is known or not, the account
// suspended or without a password: where there is no hash, one is verified that no password fits. It comes before every
// decision, so the time tells nothing. It runs in a bounded pool; when that is full the answer is "unavailable", never
// "wrong". What was wrong is written to the log and nowhere else.
//
// What the process remembers (bans, counters, known sources, the SCRAM key) is read by `prepare`, at the latest before
// the first verdict, and follows the directory's changes. `close` stores the rest.

package import Logging
import Mail
package import MailCrypto
package import MailStore
internal import Synchronization

/// Checks who somebody is.
package final class Authenticator: Sendable {
    let store: Store
    let parameters: Argon2Parameters
    let hashing: HashingPool
    let settings: AuthenticatorSettings
    let log: LoginLog
    let dummyHash: String
    let limiter: LoginLimiter
    let recorder: LoginRecorder
    let memory: AuthenticatorMemory
    private let failures: FailureReplies

    var now: Int64 { settings.clock.now() }

    /// - Parameters:
    ///   - parameters: what new hashes cost; a weaker one is replaced at its owner's next login.
    ///   - hashing: where passwords are checked; share one pool per process.
    package init(
        store: Store, parameters: Argon2Parameters, hashing: HashingPool = HashingPool(),
        settings: AuthenticatorSettings = AuthenticatorSettings(), logger: Logger
    ) {
        self.store = store
        self.parameters = parameters
        self.hashing = hashing
        self.settings = settings
        log = LoginLog(logger: logger)
        dummyHash = Authenticator.dummyHash(parameters)
        limiter = LoginLimiter(settings.limits)
        recorder = LoginRecorder(directory: store.directory, limiter: limiter, clock: settings.clock, log: log)
        memory = AuthenticatorMemory()
        failures = FailureReplies(delay: settings.failureDelay, clock: settings.clock)
    }

    /// The mechanisms that a connection may use, the best first: -PLUS where there is something to bind to, EXTERNAL
    /// where the client presented a certificate.
    package func mechanisms(_ connection: ClientConnection) -> [SASLMechanism] {
        let hasSCRAM = memory.hasSCRAM
        return SASLMechanism.allCases.filter { mechanism in
            switch mechanism {
            case .external: connection.tls?.certificateFingerprint?.isEmpty == false
            case .scramSHA256Plus: hasSCRAM && connection.tls?.channelBinding != nil
            case .scramSHA256: hasSCRAM
            case .plain, .login: true
            }
        }
    }

    /// Those of them to name to the client. SCRAM is named once anybody has an app password: clients prefer it to
    /// PLAIN, and with a main password it cannot succeed.
    package func offered(_ connection: ClientConnection) -> [SASLMechanism] {
        let namesSCRAM = memory.enrolled.appPasswords
        return mechanisms(connection).filter { namesSCRAM || ($0 != .scramSHA256 && $0 != .scramSHA256Plus) }
    }

    /// A conversation for one AUTHENTICATE, also of a mechanism that was not offered.
    package func begin(_ mechanism: SASLMechanism, _ connection: ClientConnection) -> SASLConversation {
        SASLConversation(mechanism, self, connection)
    }

    /// IMAP's LOGIN: a name (the account's address, or an alias of it alone) and a password.
    package func logIn(name: [UInt8], password: [UInt8], _ connection: ClientConnection) async -> LoginOutcome {
        await logIn(
            SASLCredentials(authorizationID: [], name: name, password: password), mechanism: "LOGIN", connection)
    }

    /// LOGIN and PLAIN.
    func logIn(
        _ credentials: SASLCredentials, mechanism: String, _ connection: ClientConnection
    ) async -> LoginOutcome {
        let attempt = LoginAttempt(
            name: credentials.name, authorizationID: credentials.authorizationID, mechanism: mechanism,
            connection: connection)
        return await settle(attempt) {
            if let text = AppPasswordText.parse(credentials.password) {
                return try await self.checkAppPassword(text, attempt)
            }
            return try await self.checkMainPassword(credentials.password, attempt)
        }
    }

    /// Lets `check` decide, and does what follows from it: the log, what is recorded, the delay.
    func settle(
        _ attempt: LoginAttempt, _ check: () async throws -> LoginVerdict
    ) async -> LoginOutcome {
        let verdict: LoginVerdict
        do {
            try await prepare()
            verdict = try await check()
        } catch {
            let reason = LoginLog.explanation(error)
            log.unavailable(attempt, reason: reason)
            // Later too: who is told at once to come again comes again at once, and the overload feeds itself.
            await failures.hold()
            return .unavailable(reason: reason)
        }
        switch verdict {
        case .accepted(let account, let credential, let facts):
            let login = Login(account: account, credential: credential, connection: attempt.connection, facts: facts)
            recorder.succeeded(login)
            log.success(attempt, login)
            return .success(login)
        case .refused(let refusal, let account, let ban):
            log.refused(attempt, refusal)
            if let ban { log.banned(ban) }
            recorder.failed(failure(attempt, refusal, account), ban: ban)
            await failures.hold()
            return refusal.outcome
        }
    }

    private func failure(
        _ attempt: LoginAttempt, _ refusal: LoginRefusal, _ account: AccountRecord?
    ) -> LoginFailureRecord {
        LoginFailureRecord(
            time: now, accountID: account?.id, name: attempt.shownName, address: attempt.connection.remoteAddress,
            protocolName: attempt.connection.protocolName, mechanism: attempt.mechanism,
            tls: attempt.connection.tls?.version, reason: refusal.rawValue)
    }
}

// What the ways have in common.
extension Authenticator {
    /// No account has this number: asking for its credentials costs what asking for anybody's does.
    static let nobody = AccountID(rawValue: 0)

    /// All that a login with a password looks at, in one read.
    func facts(_ attempt: LoginAttempt, _ secret: LoginSecret) async throws -> LoginFacts {
        try await store.directory.loginFacts(
            of: Self.address(attempt.name), secret: secret,
            settings: [MainPasswordPolicy.settingKey, MainPasswordPolicy.trustedNetworksKey])
    }

    func account(named name: [UInt8]) async throws -> AccountRecord? {
        guard let address = Self.address(name) else { return nil }
        return try await store.directory.account(address: address)
    }

    static func address(_ name: [UInt8]) -> EmailAddress? {
        guard let text = String(validating: name, as: UTF8.self) else { return nil }
        return try? EmailAddress(text)
    }

    /// One spelling of a name that nobody has.
    static func canonical(_ name: [UInt8]) -> [UInt8] { address(name).map { Array($0.lookupKey.utf8) } ?? name }

    /// What stands against a login whose secret was right.
    func objection(
        to credential: CredentialRecord, of account: AccountRecord, _ attempt: LoginAttempt
    ) async throws -> LoginRefusal? {
        if account.status != .active { return .suspended }
        if let expires = credential.expires, expires <= now { return .expired }
        if credential.kind != .password {
            if !credential.scopes.contains(attempt.connection.scope) { return .outOfScope }
            if !Self.allows(credential.networks, attempt.connection.remoteAddress) { return .outsideNetworks }
        }
        return try await mayActAs(attempt.authorizationID, account) ? nil : .notAuthorized
    }

    /// A list of networks that is no longer understood allows nobody.
    private static func allows(_ networks: [String], _ address: String) -> Bool {
        if networks.isEmpty { return true }
        return networks.compactMap { try? Network($0) }.contains(address: address)
    }

    /// RFC 4616 §2: an authorization identity other than one's own is refused; nobody may act for another here.
    private func mayActAs(_ authorizationID: [UInt8], _ account: AccountRecord) async throws -> Bool {
        if authorizationID.isEmpty { return true }
        return try await self.account(named: authorizationID)?.id == account.id
    }

    /// A hash that is cheaper than what is wanted today is made anew while its password is at hand. A login does not
    /// fail because this does.
    func rehashIfWeak(_ credential: CredentialRecord, password: [UInt8], lane: HashingPool.Lane) async {
        guard let current = PasswordHash.parameters(of: credential.secret),
            current.memoryKiB < parameters.memoryKiB || current.iterations < parameters.iterations
        else { return }
        do {
            let parameters = parameters
            let fresh = try await hashing.run(lane: lane) {
                try PasswordHash.make(password: password, parameters: parameters)
            }
            try await store.directory.rehash(credential.id, from: credential.secret, to: fresh)
        } catch {
            log.rehashFailed(credential, error)
        }
    }

    /// The PHC string of a salt and a hash of zeros: verifying it costs what a real one does, and no password fits.
    static func dummyHash(_ parameters: Argon2Parameters) -> String {
        let cost = "m=\(parameters.memoryKiB),t=\(parameters.iterations),p=\(parameters.parallelism)"
        return "$argon2id$v=19$\(cost)$\(String(repeating: "A", count: 22))$\(String(repeating: "A", count: 43))"
    }
}
