// The household with a server that lets people in: its authenticator, its log, and a clock that the test moves.

import Accounts
import Foundation
import Logging
import Mail
import MailCrypto
import MailStore
import Synchronization
import Testing

/// What came of a login, to be compared.
enum Seen: Equatable {
    case success, failure, unavailable, unauthorized, limited, appPasswordNeeded

    init(_ outcome: LoginOutcome) {
        switch outcome {
        case .success: self = .success
        case .failure: self = .failure
        case .unavailable: self = .unavailable
        case .unauthorized: self = .unauthorized
        case .limited: self = .limited
        case .appPasswordNeeded: self = .appPasswordNeeded
        }
    }
}

/// alice and bob, and the door.
struct LoginHouse: Sendable {
    static let alice = "alice@example.org"
    static let bob = "bob@example.org"
    /// The main password of both.
    static let password = String(decoding: Household.password, as: UTF8.self)

    let house: Household
    let clock: LoginTestClock
    let capture: LogCapture
    let settings: AuthenticatorSettings
    let authenticator: Authenticator

    var administration: AccountAdministration { house.administration }
    var store: Store { house.store }

    /// - Parameter configure: may change the settings; failures are answered at once unless it says otherwise.
    static func with(
        _ configure: @Sendable (inout AuthenticatorSettings) -> Void = { _ in },
        _ test: @Sendable (LoginHouse) async throws -> Void
    ) async throws {
        try await Household.with { house in
            let clock = LoginTestClock(house.clock)
            var settings = AuthenticatorSettings(failureDelay: .zero)
            settings.clock = clock.loginClock
            configure(&settings)
            let login = LoginHouse(house, clock, settings)
            do {
                try await test(login)
            } catch {
                await login.end()
                throw error
            }
            await login.end()
        }
    }

    private init(_ house: Household, _ clock: LoginTestClock, _ settings: AuthenticatorSettings) {
        self.house = house
        self.clock = clock
        self.settings = settings
        capture = LogCapture()
        authenticator = Authenticator(
            store: house.store, parameters: house.parameters, settings: settings, logger: capture.logger)
    }

    private func end() async {
        clock.end()
        await authenticator.close()
    }

    /// The same house after the server was ended and started again.
    func restarted() async -> LoginHouse {
        await authenticator.close()
        return LoginHouse(house, clock, settings)
    }

    func connection(
        from address: String = "192.0.2.7", scope: CredentialScope = .imap,
        tls: TLSFacts? = TLSFacts(version: "TLSv1.3")
    ) -> ClientConnection {
        ClientConnection(
            protocolName: scope == .smtp ? "smtp" : "imap", scope: scope, remoteAddress: address, tls: tls,
            session: "s1")
    }

    /// LOGIN.
    func outcome(_ name: String, _ password: String, _ connection: ClientConnection) async -> LoginOutcome {
        await authenticator.logIn(name: Array(name.utf8), password: Array(password.utf8), connection)
    }

    func logIn(_ name: String, _ password: String, from address: String = "192.0.2.7") async -> Seen {
        Seen(await outcome(name, password, connection(from: address)))
    }

    /// As alice.
    func logIn(_ password: String, from address: String = "192.0.2.7") async -> Seen {
        await logIn(Self.alice, password, from: address)
    }

    /// The login itself, which must succeed.
    func login(
        _ name: String = alice, _ password: String = password, from address: String = "192.0.2.7"
    ) async throws -> Login {
        guard case .success(let login) = await outcome(name, password, connection(from: address)) else {
            throw NotLoggedIn()
        }
        return login
    }

    func appPassword(
        _ address: String = alice, scopes: Set<CredentialScope> = [], expires: Int64? = nil, networks: [String] = []
    ) async throws -> CreatedAppPassword {
        try await administration.createAppPassword(
            address, label: "telephone", scopes: scopes, expires: expires, networks: networks)
    }

    /// Why the last login was refused.
    var reason: String? { capture.events.last { $0.metadata["reason"] != nil }?.metadata["reason"] }
}

struct NotLoggedIn: Error {}

/// The clock of a `Household` for logins: seconds as there, and sleepers that wake when the test lets time pass.
final class LoginTestClock: Sendable {
    private struct State {
        var elapsed = Duration.zero
        var sleepers: [(until: Duration, continuation: CheckedContinuation<Void, Never>)] = []
        var isOver = false
    }
    private let state = Mutex(State())
    private let seconds: TestClock

    init(_ seconds: TestClock) { self.seconds = seconds }

    var loginClock: LoginClock {
        LoginClock(now: seconds.now, elapsed: { self.state.withLock { $0.elapsed } }, sleep: { await self.sleep($0) })
    }

    var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    func advance(by time: Duration) {
        seconds.advance(by: time.components.seconds)
        let due = state.withLock { state in
            state.elapsed += time
            let due = state.sleepers.filter { $0.until <= state.elapsed }
            state.sleepers.removeAll { $0.until <= state.elapsed }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Wakes everybody, for good.
    func end() {
        state.withLock { $0.isOver = true }
        advance(by: .seconds(1_000_000))
    }

    private func sleep(_ time: Duration) async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.sleepers.append((state.elapsed + time, continuation)) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }
}

/// Writes a file that its owner alone may read.
func writeFile(_ bytes: [UInt8], to path: String) throws {
    let isWritten = FileManager.default.createFile(
        atPath: path, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
    try #require(isWritten)
}
