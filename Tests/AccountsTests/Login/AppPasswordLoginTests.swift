// App passwords at the door: how they are spelt, what they are good for, and when they are worth nothing any more.

import Accounts
import Mail
import MailCrypto
import MailStore
import Testing

@Suite struct AppPasswordLoginTests {
    @Test("case 126: every spelling that a person may type is the one secret")
    func spellings() async throws {
        try await LoginHouse.with { door in
            let secret = try await door.appPassword().secret
            let spellings = [
                secret, secret.uppercased(), secret.replacing("-", with: ""), secret.replacing("-", with: " "),
                secret.replacing("0", with: "O").replacing("1", with: "l"), " \(secret) ",
            ]
            for spelling in spellings {
                #expect(await door.logIn(LoginHouse.alice, spelling) == .success, "\(spelling)")
            }
            #expect(await door.logIn(LoginHouse.bob, secret) == .failure, "it is alice's")
            #expect(door.reason == "unknown-app-password")
            #expect(await door.logIn("nobody@example.org", secret) == .failure)
            #expect(door.reason == "unknown-user")
        }
    }

    @Test("another secret under the right id is wrong, and costs its source a failure")
    func wrongSecret() async throws {
        try await LoginHouse.with { door in
            let created = try await door.appPassword()
            let other = try #require(AppPasswordText.parse(Array(try await door.appPassword().secret.utf8)))
            let hash = try PasswordHash.make(password: other.secret, parameters: door.house.parameters)
            let account = try await door.administration.account(LoginHouse.alice)
            let records = try await door.store.directory.credentials(of: account.id, kind: .appPassword)
            let record = try #require(records.first { $0.publicID == created.info.id })
            try await door.store.directory.rehash(record.id, from: record.secret, to: hash)
            #expect(await door.logIn(LoginHouse.alice, created.secret) == .failure)
            #expect(door.reason == "wrong-app-password")
        }
    }

    @Test("what looks like an app password is never tried as the main one")
    func neverMain() async throws {
        try await LoginHouse.with { door in
            let text = try AppPasswordText.make()
            let account = try await door.administration.account(LoginHouse.alice)
            let spelling = Array(text.display.utf8)
            let hash = try PasswordHash.make(password: spelling, parameters: door.house.parameters)
            try await door.store.directory.setPassword(account.id, hash: hash, by: "test")
            #expect(await door.logIn(LoginHouse.alice, text.display) == .failure)
            #expect(door.reason == "unknown-app-password")
        }
    }

    @Test("case 125: scope, expiry, networks and suspension, each with the face of a wrong password")
    func restrictions() async throws {
        try await LoginHouse.with { door in
            let end = door.house.clock.time + 3_600
            let created = try await door.appPassword(
                scopes: [.imap, .readOnly], expires: end, networks: ["192.0.2.0/24"])
            let login = try await door.login(LoginHouse.alice, created.secret)
            #expect(login.isReadOnly)
            #expect(login.scopes == [.imap, .readOnly])
            #expect(login.credentialKind == .appPassword)
            #expect(login.label == "telephone")
            #expect(login.expires == end)
            let smtp = door.connection(scope: .smtp)
            #expect(Seen(await door.outcome(LoginHouse.alice, created.secret, smtp)) == .failure)
            #expect(door.reason == "out-of-scope")
            #expect(await door.logIn(LoginHouse.alice, created.secret, from: "198.51.100.1") == .failure)
            #expect(door.reason == "outside-networks")
            #expect(await door.logIn(LoginHouse.alice, created.secret, from: "::ffff:192.0.2.9") == .success)
            #expect(await login.isStillGood(door.store, now: end - 1))
            #expect(await !login.isStillGood(door.store, now: end), "its session ends with it")
            try await door.administration.suspendAccount(LoginHouse.alice)
            #expect(await door.logIn(LoginHouse.alice, created.secret) == .failure)
            try await door.administration.resumeAccount(LoginHouse.alice)
            door.house.clock.set(end)
            #expect(await door.logIn(LoginHouse.alice, created.secret) == .failure)
            #expect(door.reason == "expired")
        }
    }

    @Test("case 115: a revoked app password is dead at once, remembered or not, and so is its session")
    func revoked() async throws {
        try await LoginHouse.with { door in
            let created = try await door.appPassword()
            let login = try await door.login(LoginHouse.alice, created.secret)
            #expect(await door.logIn(LoginHouse.alice, created.secret) == .success)
            #expect(await login.isStillGood(door.store))
            try await door.administration.revokeAppPassword(LoginHouse.alice, id: created.info.id)
            #expect(await door.logIn(LoginHouse.alice, created.secret) == .failure)
            #expect(await !login.isStillGood(door.store))
        }
    }

    @Test("case 115: a changed password is dead at once though it was remembered; the same password of two people")
    func changed() async throws {
        try await LoginHouse.with { door in
            for name in [LoginHouse.alice, LoginHouse.bob, LoginHouse.alice] {
                #expect(try await door.login(name, LoginHouse.password).account.address.description == name)
            }
            let new = try #require(try await door.administration.setPassword(of: LoginHouse.alice, to: .generated))
            #expect(await door.logIn(LoginHouse.alice, LoginHouse.password) == .failure)
            #expect(await door.logIn(LoginHouse.bob, LoginHouse.password) == .success)
            #expect(await door.logIn(LoginHouse.alice, new) == .success)
            #expect(await door.logIn(LoginHouse.bob, new) == .failure, "no hit across accounts")
        }
    }

    @Test("the second login of the same client needs no hashing")
    func remembered() async throws {
        try await LoginHouse.with { door in
            let secret = try await door.appPassword().secret
            let account = try await door.administration.account(LoginHouse.alice)
            _ = try await door.login(LoginHouse.alice, secret)
            let full = HashingPool(slots: 1, queueLimit: 0)
            let busy = Authenticator(
                store: door.store, parameters: door.house.parameters, hashing: full, settings: door.settings,
                logger: door.capture.logger)
            let name = Array(LoginHouse.alice.utf8)
            let text = Array(secret.utf8)
            guard case .success(let login) = await busy.logIn(name: name, password: text, door.connection()) else {
                throw NotLoggedIn()
            }
            #expect(login.account.id == account.id)
            let gate = Gate()
            async let occupied: Void = full.run { gate.wait() }
            while full.load.running == 0 { await Task.yield() }
            #expect(Seen(await busy.logIn(name: name, password: text, door.connection())) == .success)
            let other = try await door.appPassword(LoginHouse.bob).secret
            let bob = await busy.logIn(
                name: Array(LoginHouse.bob.utf8), password: Array(other.utf8), door.connection())
            #expect(Seen(bob) == .unavailable)
            gate.open()
            try await occupied
            await busy.close()
        }
    }
}
