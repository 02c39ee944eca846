// Logins: who gets in, and that everybody else sees the same.

import Accounts
import Dispatch
import Logging
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
/// Failures are answered at once, and nobody is limited.
private let atOnce: AuthenticatorSettings = {
    var settings = AuthenticatorSettings(failureDelay: .zero)
    settings.limits.perMinute = 1_000
    settings.limits.perName = 1_000
    return settings
}()
private let password = "correct horse battery"

private let connection = ClientConnection(
    protocolName: "imap", scope: .imap, remoteAddress: "192.0.2.7", tls: TLSFacts(version: "TLSv1.3"), session: "s1")

private struct Attempt {
    var name: [UInt8]
    var password: [UInt8]
    var authorizationID: [UInt8] = []
}

extension Authenticator {
    /// One PLAIN exchange.
    fileprivate func authenticate(_ attempt: Attempt) async -> LoginOutcome {
        let message = attempt.authorizationID + [0] + attempt.name + [0] + attempt.password
        if message.count > SASLExchange.longestResponse || attempt.name.contains(0) {
            return await logIn(name: attempt.name, password: attempt.password, connection)
        }
        guard case .finished(let outcome, _) = await begin(.plain, connection).next(message) else {
            Issue.record("malformed")
            return .failure
        }
        return outcome
    }
}

private func opened(
    _ temporary: TemporaryStore, _ capture: LogCapture, _ parameters: Argon2Parameters = cheap
) -> Authenticator {
    Authenticator(store: temporary.store, parameters: parameters, settings: atOnce, logger: capture.logger)
}

private func attempt(_ name: String, _ secret: String = password, authorizationID: String = "") -> Attempt {
    Attempt(name: Array(name.utf8), password: Array(secret.utf8), authorizationID: Array(authorizationID.utf8))
}

private func seen(_ outcome: LoginOutcome) -> Seen { Seen(outcome) }

/// alice with a password, an alias and a suspended and a passwordless neighbour.
private func withAccounts(
    parameters: Argon2Parameters = cheap, _ test: @Sendable (TemporaryStore, LogCapture) async throws -> Void
) async throws {
    try await TemporaryStore.with { temporary in
        let administration = AccountAdministration(store: temporary.store, parameters: parameters, actor: "test")
        _ = try await administration.addDomain("example.org")
        for name in ["alice", "bob", "carol"] {
            _ = try await administration.createAccount(
                "\(name)@example.org", password: name == "carol" ? .none : .given(Array(password.utf8)))
        }
        try await administration.suspendAccount("bob@example.org")
        try await administration.addAlias("info@example.org", targets: ["alice@example.org"])
        try await administration.addAlias(
            "all@example.org", targets: ["alice@example.org", "bob@example.org"])
        try await test(temporary, LogCapture())
    }
}

@Suite struct AuthenticatorTests {
    @Test(
        "case 112: every spelling of a name is the one account",
        arguments: [
            "alice@example.org", "ALICE@Example.ORG", "alice@example.org.", "info@example.org",
            " alice@example.org ",
        ])
    func goodNames(name: String) async throws {
        try await withAccounts { temporary, capture in
            let authenticator = opened(temporary, capture)
            guard case .success(let login) = await authenticator.authenticate(attempt(name)) else {
                Issue.record("refused \(name)")
                return
            }
            #expect(login.account.address.description == "alice@example.org")
            #expect(await login.isStillGood(temporary.store))
        }
    }

    @Test(
        "case 110: unknown, wrong, empty, suspended, without a password: one face",
        arguments: [
            ("alice@example.org", "wrong", "wrong-password"), ("alice@example.org", "", "wrong-password"),
            ("alice@example.org", password + " ", "wrong-password"), ("nobody@example.org", password, "unknown-user"),
            ("bob@example.org", password, "suspended"), ("carol@example.org", password, "no-password"),
            ("carol@example.org", "", "no-password"), ("all@example.org", password, "unknown-user"),
            ("alice", password, "unknown-user"), ("", "", "unknown-user"),
            ("alice@example.org", String(repeating: "x", count: 100_000), "wrong-password"),
        ])
    func refusals(name: String, secret: String, reason: String) async throws {
        try await withAccounts { temporary, capture in
            let authenticator = opened(temporary, capture)
            #expect(seen(await authenticator.authenticate(attempt(name, secret))) == .failure)
            #expect(capture.events.map(\.message) == [reason == "suspended" ? "auth-refused" : "auth-failed"])
            #expect(capture.events.first?.metadata["reason"] == reason)
            #expect(capture.events.first?.metadata.values.contains { $0.contains(password) } == false)
        }
    }

    @Test("case 108: nobody acts for another, whatever the password")
    func authorizationIdentity() async throws {
        try await withAccounts { temporary, capture in
            let authenticator = opened(temporary, capture)
            let other = attempt("alice@example.org", authorizationID: "bob@example.org")
            #expect(seen(await authenticator.authenticate(other)) == .unauthorized)
            #expect(capture.events.last?.metadata["reason"] == "not-authorized")
            let same = attempt("alice@example.org", authorizationID: "Alice@example.org")
            #expect(seen(await authenticator.authenticate(same)) == .success)
        }
    }

    @Test(
        "case 111: names that mean something elsewhere mean nothing here",
        arguments: [
            "%u@example.org", "'; DROP TABLE account;--", "*)(uid=*", "../../etc/passwd", "alice@example.org\r\nx",
            "alice@example.org\0", "\u{202e}alice@example.org",
        ])
    func hostileNames(name: String) async throws {
        try await withAccounts { temporary, capture in
            let authenticator = opened(temporary, capture)
            #expect(seen(await authenticator.authenticate(attempt(name))) == .failure)
            let invalid = Attempt(name: [0xff, 0xfe] + Array(name.utf8), password: [0xff])
            #expect(seen(await authenticator.authenticate(invalid)) == .failure)
        }
    }

    @Test("case 157: what a client calls itself is one value of one event, cut at 256 bytes")
    func longNames() async throws {
        try await withAccounts { temporary, capture in
            let authenticator = opened(temporary, capture)
            let name = "x\r\nauth ok user=root\u{1b}[2J" + String(repeating: "y", count: 1_000_000)
            _ = await authenticator.authenticate(attempt(name))
            #expect(capture.events.count == 1)
            #expect(capture.events.first?.metadata["user"]?.utf8.count == 256)
            #expect(capture.events.first?.metadata["rip"] == "192.0.2.7")
        }
    }

    @Test("case 118: a password typed in NFD is the one that was set in NFC")
    func normalisation() async throws {
        try await withAccounts { temporary, capture in
            let administration = AccountAdministration(store: temporary.store, parameters: cheap, actor: "test")
            let composed = "pässwörter für élise"
            _ = try await administration.setPassword(
                of: "alice@example.org", to: .given(Array(composed.utf8)))
            let authenticator = opened(temporary, capture)
            let decomposed = composed.normalizedToNFD
            #expect(Array(decomposed.utf8) != Array(composed.utf8))
            #expect(seen(await authenticator.authenticate(attempt("alice@example.org", decomposed))) == .success)
        }
    }

    @Test("a weaker hash is renewed at login, an equal or stronger one is left")
    func rehash() async throws {
        try await withAccounts { temporary, capture in
            let directory = temporary.store.directory
            let id = try #require(try await directory.account(address: EmailAddress("alice@example.org"))).id
            let before = try #require(try await directory.passwordCredential(of: id))
            let stronger = Argon2Parameters(memoryKiB: 128, iterations: 2, parallelism: 1)
            let authenticator = opened(temporary, capture, stronger)
            #expect(seen(await authenticator.authenticate(attempt("alice@example.org"))) == .success)
            let renewed = try #require(try await directory.passwordCredential(of: id))
            #expect(PasswordHash.parameters(of: renewed.secret) == stronger)
            #expect(renewed.changed == before.changed, "the session of this very login must stay good")
            let weaker = opened(temporary, capture)
            #expect(seen(await weaker.authenticate(attempt("alice@example.org"))) == .success)
            #expect(try await directory.passwordCredential(of: id)?.secret == renewed.secret)
        }
    }

    @Test("case 116: when every slot is taken the answer is unavailable, never wrong")
    func overload() async throws {
        let slow = Argon2Parameters(memoryKiB: 8_192, iterations: 2, parallelism: 1)
        try await withAccounts(parameters: slow) { temporary, capture in
            let pool = HashingPool(slots: 1, queueLimit: 1, patience: .seconds(3_600))
            let authenticator = Authenticator(
                store: temporary.store, parameters: slow, hashing: pool, settings: atOnce, logger: capture.logger)
            // The one slot is taken and the one place in the queue, for as long as the test wants it.
            let gate = DispatchSemaphore(value: 0)
            async let first: Void = pool.run { _ = gate.wait(timeout: .now() + 60) }
            try await waitUntil("the slot is taken") { pool.load == (1, 0) }
            async let second: Void = pool.run {}
            try await waitUntil("somebody waits") { pool.load == (1, 1) }
            for _ in 0..<10 {
                #expect(seen(await authenticator.authenticate(attempt("alice@example.org"))) == .unavailable)
            }
            gate.signal()
            try await first
            try await second
            #expect(seen(await authenticator.authenticate(attempt("alice@example.org"))) == .success)
        }
    }

    @Test("case 113: an unknown name costs a verification too")
    func sameWork() async throws {
        let slow = Argon2Parameters(memoryKiB: 32_768, iterations: 3, parallelism: 1)
        try await withAccounts(parameters: slow) { temporary, capture in
            let authenticator = opened(temporary, capture, slow)
            let known = "alice@example.org"
            let others = ["nobody@example.org", "bob@example.org", "carol@example.org", "no address"]
            // In turns, so that what else the machine does falls on all of them; the fastest has met the least of it.
            var fastest: [String: Duration] = [:]
            for _ in 0..<5 {
                for name in [known] + others {
                    let time = await ContinuousClock().measure {
                        _ = await authenticator.authenticate(attempt(name, "a wrong password"))
                    }
                    fastest[name] = min(fastest[name] ?? time, time)
                }
            }
            let knownTime = try #require(fastest[known])
            for name in others { #expect(try #require(fastest[name]) > knownTime / 3, "\(name)") }
        }
    }

    @Test("a session's login ends with the password, the suspension and the account")
    func stillGood() async throws {
        try await withAccounts { temporary, capture in
            let administration = AccountAdministration(store: temporary.store, parameters: cheap, actor: "test")
            let authenticator = opened(temporary, capture)
            guard case .success(let first) = await authenticator.authenticate(attempt("alice@example.org")) else {
                Issue.record("refused")
                return
            }
            try await administration.suspendAccount("alice@example.org")
            #expect(await !first.isStillGood(temporary.store))
            try await administration.resumeAccount("alice@example.org")
            #expect(await first.isStillGood(temporary.store))
            let generated = try #require(
                try await administration.setPassword(of: "alice@example.org", to: .generated))
            #expect(await !first.isStillGood(temporary.store))
            let again = await authenticator.authenticate(attempt("alice@example.org", generated))
            guard case .success(let second) = again else {
                Issue.record("refused the generated password")
                return
            }
            try await administration.removeAccount("alice@example.org")
            #expect(await !second.isStillGood(temporary.store))
        }
    }
    @Test("a main password's login ends when its policy or TOTP takes it away", arguments: [true, false])
    func policyEndsLogins(byTOTP: Bool) async throws {
        try await withAccounts { temporary, capture in
            let administration = AccountAdministration(store: temporary.store, parameters: cheap, actor: "test")
            let authenticator = Authenticator(
                store: temporary.store, parameters: cheap, settings: atOnce, logger: capture.logger)
            guard case .success(let login) = await authenticator.authenticate(attempt("alice@example.org")) else {
                Issue.record("refused")
                return
            }
            #expect(await login.isStillGood(temporary.store))
            await authenticator.flush()
            #expect(!login.mayBeOutdated(temporary.store), "the history is nothing that a login is judged by")
            if byTOTP {
                let new = NewCredential(kind: .totp, secret: "sealed", isConfirmed: true)
                _ = try await temporary.store.directory.addCredential(
                    new, to: login.account.id, limit: 1, action: "test", by: "test")
            } else {
                try await administration.setPolicy(.never, for: "alice@example.org")
            }
            #expect(login.mayBeOutdated(temporary.store))
            #expect(await !login.isStillGood(temporary.store))
        }
    }
}
