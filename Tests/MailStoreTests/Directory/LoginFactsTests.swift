// What a login reads in one go is what its parts say one by one, and the directory's version misses no change.

import Mail
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct LoginFactsTests {
    private static let keys = ["one", "two"]

    @Test func factsAreWhatTheDirectorySays() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
            let phone = try await directory.addCredential(
                NewCredential(kind: .appPassword, secret: "$argon2id$x", publicID: "k3f9a"), to: alice, limit: 50,
                action: "test", by: "test")
            try await directory.setSetting("one", "first", by: "test")
            try await directory.setSetting("three", "third", by: "test")
            try await directory.setCapability("IDLE", of: alice, to: false, by: "test")
            let own = try #require(try await directory.account(alice))
            let main = try await directory.loginFacts(of: own.address, secret: .mainPassword, settings: Self.keys)
            #expect(main.account == own && main.settings == ["one": "first"] && !main.hasTOTP)
            let password = try #require(try await directory.passwordCredential(of: alice))
            #expect(main.credential == password && main.switches.disabled == ["IDLE"])
            let app = try await directory.loginFacts(
                of: own.address, secret: .appPassword(publicID: "k3f9a"), settings: [])
            #expect(app.account == own && app.credential == phone && app.settings.isEmpty)
        }
    }

    @Test func nobodysFactsAreEmpty() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let bob = try await temporary.account("bob@example.org").id
            let all = try EmailAddress("all@example.org")
            try await directory.addAlias(.address(all), targets: [alice, bob], by: "test")
            for address in [nil, all, try EmailAddress("nobody@example.org")] {
                let facts = try await directory.loginFacts(of: address, secret: .mainPassword, settings: Self.keys)
                #expect(facts.account == nil && facts.credential == nil && !facts.hasTOTP)
                #expect(facts.settings.isEmpty && facts.switches == CapabilitySwitches())
            }
        }
    }

    @Test("TOTP counts once it is set up to its end", arguments: [true, false])
    func totp(isConfirmed: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            _ = try await directory.addCredential(
                NewCredential(kind: .totp, secret: "sealed", isConfirmed: isConfirmed), to: alice, limit: 1,
                action: "test", by: "test")
            let address = try #require(try await directory.account(alice)).address
            let facts = try await directory.loginFacts(of: address, secret: .mainPassword, settings: [])
            #expect(facts.hasTOTP == isConfirmed)
        }
    }

    @Test("the version has moved when anybody is told of a change, and stays for what nobody is told of")
    func version() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let told = Mutex<[DirectoryVersion]>([])
            let watch = directory.watchChanges { told.withLock { $0.append(directory.version) } }
            defer { watch.cancel() }
            var seen = directory.version
            let changes: [@Sendable () async throws -> Void] = [
                { try await directory.setPassword(alice, hash: "$argon2id$", by: "test") },
                { try await directory.setStatus(alice, .suspended, by: "test") },
                { try await directory.setMainPasswordPolicy(alice, "never", by: "test") },
                { try await directory.setSetting("policy.main-password", "never", by: "test") },
            ]
            for change in changes {
                try await change()
                #expect(directory.version != seen)
                #expect(told.withLock { $0.last } == directory.version)
                seen = directory.version
            }
            let id = try #require(try await directory.passwordCredential(of: alice)).id
            let use = LoginUse(
                accountID: alice, credentialID: id, protocolName: "imap", address: "192.0.2.7", client: nil, tls: nil,
                first: 1, last: 1)
            try await directory.recordLogins([use])
            try await directory.rehash(id, from: "$argon2id$", to: "$argon2id$2")
            #expect(directory.version == seen)
            let address = try #require(try await directory.account(alice)).address
            let facts = try await directory.loginFacts(of: address, secret: .mainPassword, settings: [])
            #expect(facts.version == seen)
        }
    }

    @Test("another process's change moves the version once it is noticed")
    func otherProcess() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let watch = directory.watchChanges {}
            defer { watch.cancel() }
            let before = directory.version
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            try await other.directory.setStatus(alice, .suspended, by: "test")
            try await waitUntil("the notice") { directory.version != before }
            await other.close()
        }
    }
}
