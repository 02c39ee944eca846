// Two people with accounts, a clock that the test moves, and the app on somebody's telephone.

import Accounts
import Mail
import MailCrypto
import MailStore
import Synchronization
import TestSupport
import Testing

/// A store with alice@example.org and bob@example.org in it.
struct Household: Sendable {
    static let password = Array("tall cranes over the harbour".utf8)
    let store: Store
    let path: String
    let clock: TestClock
    let administration: AccountAdministration
    let parameters = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)

    static func with(_ test: @Sendable (Household) async throws -> Void) async throws {
        try await TemporaryStore.with { temporary in
            let house = Household(temporary)
            _ = try await house.administration.addDomain("example.org")
            for address in ["alice@example.org", "bob@example.org"] {
                _ = try await house.administration.createAccount(address, password: .given(Self.password))
            }
            try await test(house)
        }
    }

    private init(_ temporary: TemporaryStore) {
        store = temporary.store
        path = temporary.path
        let clock = TestClock()
        self.clock = clock
        administration = AccountAdministration(
            store: temporary.store, parameters: parameters, actor: "test", now: clock.now)
    }

    /// TOTP on, and the app that has its secret.
    func enrolled(_ address: String = "alice@example.org") async throws -> AuthenticatorApp {
        let app = AuthenticatorApp(try await administration.enrolTOTP(address))
        try await administration.confirmTOTP(address, code: try app.code(at: clock.time - 30))
        return app
    }

    func totp(_ address: String) async throws -> CredentialRecord {
        let account = try await administration.account(address)
        return try #require(try await store.directory.credentials(of: account.id, kind: .totp).first)
    }

    /// How many of `count` tasks get through `work`.
    func inParallel(
        _ count: Int, _ work: @escaping @Sendable (AccountAdministration) async throws -> Void
    ) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<count {
                group.addTask { [administration] in
                    do {
                        try await work(administration)
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}

/// A time that stands until the test moves it.
final class TestClock: Sendable {
    private let seconds = Mutex<Int64>(1_800_000_000)
    var time: Int64 { seconds.withLock { $0 } }
    var now: @Sendable () -> Int64 { { self.time } }
    func set(_ time: Int64) { seconds.withLock { $0 = time } }
    func advance(by seconds: Int64) { self.seconds.withLock { $0 += seconds } }
}

/// Reads the secret out of the URI, as an authenticator app does.
struct AuthenticatorApp: Sendable {
    let secret: [UInt8]

    init(_ enrolment: TOTPEnrolment) {
        let text = enrolment.uri.split(separator: "secret=").last?.prefix { $0 != "&" } ?? ""
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
        var (bits, count, bytes): (UInt32, Int, [UInt8]) = (0, 0, [])
        for letter in text {
            bits = (bits << 5 | UInt32(alphabet.firstIndex(of: letter) ?? 0)) & 0xfff
            count += 5
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        secret = bytes
    }

    func code(at time: Int64) throws -> String { try TOTP.code(secret: secret, step: TOTP.step(at: time)) }

    /// A code that is right at no moment around `time`.
    func wrongCode(at time: Int64) throws -> String {
        let right = try (-3...3).map { try code(at: time + 30 * $0) }
        return try #require((0..<20).map { "\(100_000 + $0)" }.first { !right.contains($0) })
    }
}

/// What `work` was refused with; nil when it was done, or failed otherwise.
func refusal(_ work: () async throws -> Void) async -> AdministrationError? {
    do {
        try await work()
        return nil
    } catch {
        return error as? AdministrationError
    }
}
