// Who may log in: one answer for every protocol, in the same time and with the same face for every reason to refuse.
//
// Theory. Every attempt costs exactly one argon2id verification, whether the name is known or not, the account
// suspended or without a password: where there is no hash, one is verified that no password fits. The verification
// comes before every decision, so the time tells nothing. It runs in a bounded pool; when that is full the answer is
// "unavailable", never "wrong". What was wrong is written to the log and nowhere else.

package import Logging
import Mail
package import MailCrypto
package import MailStore

/// Checks names and passwords.
package final class Authenticator: Sendable {
    private let store: Store
    private let parameters: Argon2Parameters
    private let hashing: HashingPool
    private let log: LoginLog
    private let dummyHash: String

    /// - Parameters:
    ///   - parameters: what new hashes cost; a weaker one is replaced at its owner's next login.
    ///   - hashing: where passwords are checked; share one pool per process.
    package init(
        store: Store, parameters: Argon2Parameters, hashing: HashingPool = HashingPool(), logger: Logger
    ) {
        self.store = store
        self.parameters = parameters
        self.hashing = hashing
        log = LoginLog(logger: logger)
        dummyHash = Authenticator.dummyHash(parameters)
    }

    /// The mechanisms to offer on a connection, the best first.
    package func mechanisms(_ connection: ClientConnection) -> [SASLMechanism] { [.plain, .login] }

    /// A conversation for one AUTHENTICATE.
    package func begin(_ mechanism: SASLMechanism, _ connection: ClientConnection) -> SASLConversation {
        SASLConversation(mechanism, self, connection)
    }

    /// IMAP's LOGIN: a name (the account's address, or an alias of it alone) and a password.
    package func logIn(name: [UInt8], password: [UInt8], _ connection: ClientConnection) async -> LoginOutcome {
        await logIn(
            SASLCredentials(authorizationID: [], name: name, password: password), mechanism: "LOGIN", connection)
    }

    /// Whether a client of that address may connect at all.
    package func mayConnect(_ address: String) -> Bool { true }

    /// Notes what a client calls itself after its login.
    package func noteClient(_ login: Login, client: String) {}

    func logIn(
        _ credentials: SASLCredentials, mechanism: String, _ connection: ClientConnection
    ) async -> LoginOutcome {
        let attempt = LoginAttempt(credentials: credentials, mechanism: mechanism, connection: connection)
        do {
            return try await decide(attempt)
        } catch let error as StoreError {
            return log.unavailable(attempt, reason: error.explanation)
        } catch {
            return log.unavailable(attempt, reason: "\(error)")
        }
    }

    private func decide(_ attempt: LoginAttempt) async throws -> LoginOutcome {
        let credentials = attempt.credentials
        let account = try await account(named: credentials.name)
        var credential: CredentialRecord?
        if let account { credential = try await store.directory.passwordCredential(of: account.id) }
        let password = Password.canonical(credentials.password)
        let hash = credential?.secret ?? dummyHash
        let isRight = try await hashing.run { PasswordHash.verify(password: password, phc: hash) }

        guard let account else { return log.failure(attempt, .unknownUser) }
        guard let credential else { return log.failure(attempt, .noPassword) }
        guard isRight, !password.isEmpty else { return log.failure(attempt, .wrongPassword) }
        guard account.status == .active else { return log.failure(attempt, .suspended) }
        guard try await mayActAs(credentials.authorizationID, account) else {
            _ = log.failure(attempt, .notAuthorized)
            return .unauthorized
        }
        await rehashIfWeak(credential, password: password)
        return log.success(attempt, Login(account: account, credential: credential, connection: attempt.connection))
    }

    private func account(named name: [UInt8]) async throws -> AccountRecord? {
        guard let text = String(validating: name, as: UTF8.self), let address = try? EmailAddress(text) else {
            return nil
        }
        return try await store.directory.account(address: address)
    }

    /// RFC 4616 §2: an authorization identity other than one's own is refused; nobody may act for another here.
    private func mayActAs(_ authorizationID: [UInt8], _ account: AccountRecord) async throws -> Bool {
        if authorizationID.isEmpty { return true }
        return try await self.account(named: authorizationID)?.id == account.id
    }

    /// A hash that is cheaper than what is wanted today is made anew while its password is at hand. A login does not
    /// fail because this does.
    private func rehashIfWeak(_ credential: CredentialRecord, password: [UInt8]) async {
        guard let current = PasswordHash.parameters(of: credential.secret),
            current.memoryKiB < parameters.memoryKiB || current.iterations < parameters.iterations
        else { return }
        do {
            let parameters = parameters
            let fresh = try await hashing.run { try PasswordHash.make(password: password, parameters: parameters) }
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
