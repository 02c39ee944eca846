// SCRAM from the first message to the login, with app passwords as people and programs spell them.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let facts = TLSFacts(version: "TLSv1.3", channelBinding: (0..<32).map { $0 })

extension LoginHouse {
    /// One exchange; the server's signature is checked when there is one.
    fileprivate func scram(
        _ client: SCRAMTestClient, _ mechanism: SASLMechanism = .scramSHA256, from address: String = "192.0.2.7",
        tls: TLSFacts? = TLSFacts(version: "TLSv1.3"), scope: CredentialScope = .imap
    ) async throws -> Seen {
        let conversation = authenticator.begin(mechanism, connection(from: address, scope: scope, tls: tls))
        guard case .challenge(let empty) = await conversation.next(nil), empty.isEmpty else { throw NotLoggedIn() }
        let final: (message: [UInt8], verifier: [UInt8])
        switch await conversation.next(client.first) {
        case .challenge(let serverFirst): final = try client.final(serverFirst)
        case .finished(let outcome, _): return Seen(outcome)
        case .malformed: throw NotLoggedIn()
        }
        guard case .finished(let outcome, let data) = await conversation.next(final.message) else {
            throw NotLoggedIn()
        }
        if case .success = outcome { #expect(data == final.verifier) } else { #expect(data == nil) }
        return Seen(outcome)
    }

    /// The salt that a name is given.
    fileprivate func salt(_ name: String) async throws -> [UInt8] {
        let conversation = authenticator.begin(.scramSHA256, connection())
        let client = SCRAMTestClient(name: name, password: "")
        guard case .challenge(let message) = await conversation.next(client.first) else { throw NotLoggedIn() }
        let fields = try SCRAMTestClient.fields(message)
        #expect(fields.iterations == 4_096)
        return fields.salt
    }
}

@Suite struct SCRAMLoginTests {
    @Test("an app password with dashes and without proves itself; the main password and others do not")
    func spellings() async throws {
        try await LoginHouse.with { door in
            let first = try await door.appPassword()
            let second = try await door.appPassword()
            let bobs = try await door.appPassword(LoginHouse.bob)
            for secret in [first.secret, second.secret, second.secret.replacing("-", with: "")] {
                #expect(try await door.scram(SCRAMTestClient(name: LoginHouse.alice, password: secret)) == .success)
            }
            for secret in [LoginHouse.password, bobs.secret, first.secret.uppercased(), ""] {
                #expect(try await door.scram(SCRAMTestClient(name: LoginHouse.alice, password: secret)) == .failure)
            }
            #expect(door.reason == "wrong-proof")
            let bound = SCRAMTestClient(
                header: "n,a=\(LoginHouse.bob),", name: LoginHouse.alice, password: first.secret)
            #expect(try await door.scram(bound) == .unauthorized, "case 108")
        }
    }

    @Test("case 133: who has no app password, and who is not here, get a salt that stays, also over a restart")
    func salts() async throws {
        try await LoginHouse.with { door in
            let unknown = try await door.salt("nobody@example.org")
            #expect(unknown.count == 16)
            #expect(try await door.salt("NOBODY@Example.ORG") == unknown)
            #expect(try await door.salt("someone@example.org") != unknown)
            let without = try await door.salt(LoginHouse.alice)
            #expect(try await door.salt(LoginHouse.alice) == without)
            let again = await door.restarted()
            #expect(try await again.salt("nobody@example.org") == unknown)
            let created = try await again.appPassword()
            let real = try await again.salt(LoginHouse.alice)
            _ = try await again.appPassword()
            #expect(try await again.salt(LoginHouse.alice) == real)
            let client = SCRAMTestClient(name: "nobody@example.org", password: created.secret)
            #expect(try await again.scram(client) == .failure)
            #expect(again.reason == "unknown-user")
            await again.authenticator.close()
        }
    }

    @Test("-PLUS binds to this connection's TLS; a proof for another one fails, and so does a list without -PLUS")
    func plus() async throws {
        try await LoginHouse.with { door in
            try await door.authenticator.prepare()
            #expect(door.authenticator.offered(door.connection(tls: facts)) == [.plain, .login])
            let secret = try await door.appPassword().secret
            try await waitUntil("that SCRAM is offered") {
                door.authenticator.offered(door.connection()).contains(.scramSHA256)
            }
            #expect(
                door.authenticator.offered(door.connection(tls: facts))
                    == [.scramSHA256Plus, .scramSHA256, .plain, .login])
            #expect(door.authenticator.mechanisms(door.connection()) == [.scramSHA256, .plain, .login])
            var client = SCRAMTestClient(
                header: "p=tls-exporter,,", binding: facts.channelBinding ?? [], name: LoginHouse.alice,
                password: secret)
            #expect(try await door.scram(client, .scramSHA256Plus, tls: facts) == .success)
            #expect(try await door.scram(client, .scramSHA256, tls: facts) == .failure)
            #expect(try await door.scram(client, .scramSHA256Plus) == .failure, "no binding here")
            client.binding[31] ^= 1
            #expect(try await door.scram(client, .scramSHA256Plus, tls: facts) == .failure)
            #expect(door.reason == "channel-binding")
            client.header = "y,,"
            client.binding = []
            #expect(try await door.scram(client, .scramSHA256, tls: facts) == .failure, "somebody took -PLUS away")
            #expect(try await door.scram(client, .scramSHA256) == .success, "there was none to take")
        }
    }

    @Test("case 133: a proof that was right once is worth nothing in the next exchange")
    func replay() async throws {
        try await LoginHouse.with { door in
            let client = SCRAMTestClient(name: LoginHouse.alice, password: try await door.appPassword().secret)
            let first = door.authenticator.begin(.scramSHA256, door.connection())
            guard case .challenge(let serverFirst) = await first.next(client.first) else { throw NotLoggedIn() }
            let final = try client.final(serverFirst).message
            guard case .finished(.success, _) = await first.next(final) else { throw NotLoggedIn() }
            guard case .malformed = await first.next(final) else { throw NotLoggedIn() }
            let second = door.authenticator.begin(.scramSHA256, door.connection())
            guard case .challenge(let other) = await second.next(client.first) else { throw NotLoggedIn() }
            #expect(other != serverFirst, "a fresh nonce each time")
            guard case .finished(let outcome, nil) = await second.next(final) else { throw NotLoggedIn() }
            #expect(Seen(outcome) == .failure)
        }
    }

    @Test("case 133: messages that are none end the exchange", arguments: ["", "n,,", "\0", "n,,n=,r=x"])
    func malformed(text: String) async throws {
        try await LoginHouse.with { door in
            let conversation = door.authenticator.begin(.scramSHA256, door.connection())
            guard case .malformed = await conversation.next(Array(text.utf8)) else { throw NotLoggedIn() }
            let client = SCRAMTestClient(name: LoginHouse.alice, password: "x")
            guard case .malformed = await conversation.next(client.first) else { throw NotLoggedIn() }
            #expect(door.capture.events.isEmpty, "nothing was tried")
        }
    }

    @Test("case 125: scope, networks, expiry, revocation and suspension hold for SCRAM too")
    func restrictions() async throws {
        try await LoginHouse.with { door in
            let end = door.house.clock.time + 100
            let created = try await door.appPassword(scopes: [.imap], expires: end, networks: ["192.0.2.0/24"])
            let client = SCRAMTestClient(name: LoginHouse.alice, password: created.secret)
            #expect(try await door.scram(client) == .success)
            #expect(try await door.scram(client, scope: .smtp) == .failure)
            #expect(door.reason == "out-of-scope")
            #expect(try await door.scram(client, from: "198.51.100.1") == .failure)
            #expect(door.reason == "outside-networks")
            try await door.administration.suspendAccount(LoginHouse.alice)
            #expect(try await door.scram(client) == .failure)
            try await door.administration.resumeAccount(LoginHouse.alice)
            #expect(try await door.scram(client) == .success)
            door.house.clock.set(end)
            #expect(try await door.scram(client) == .failure)
            #expect(door.reason == "expired")
            door.house.clock.set(end - 50)
            try await door.administration.revokeAppPassword(LoginHouse.alice, id: created.info.id)
            #expect(try await door.scram(client) == .failure)
        }
    }

    @Test("case 135: a key file that is none switches SCRAM off and nothing else")
    func brokenKey() async throws {
        try await LoginHouse.with { door in
            let secret = try await door.appPassword().secret
            try writeFile([UInt8](repeating: 0, count: 32), to: "\(door.house.path)/keys/scram.key")
            let client = SCRAMTestClient(name: LoginHouse.alice, password: secret)
            let conversation = door.authenticator.begin(.scramSHA256, door.connection())
            guard case .finished(.unavailable, nil) = await conversation.next(client.first) else { throw NotLoggedIn() }
            #expect(door.authenticator.mechanisms(door.connection(tls: facts)) == [.plain, .login])
            #expect(await door.logIn(LoginHouse.alice, secret) == .success)
        }
    }
}
