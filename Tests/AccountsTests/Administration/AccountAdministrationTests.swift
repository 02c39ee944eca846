// The administration's rules: what is done, what is refused, and that a refusal changes nothing.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)

private func withAdministration(
    _ test: @Sendable (AccountAdministration, Store) async throws -> Void
) async throws {
    try await TemporaryStore.with { temporary in
        let administration = AccountAdministration(store: temporary.store, parameters: cheap, actor: "test")
        _ = try await administration.addDomain("example.org")
        try await test(administration, temporary.store)
    }
}

@Suite struct AccountAdministrationTests {
    @Test func createsWithAGeneratedPassword() async throws {
        try await withAdministration { administration, store in
            let created = try await administration.createAccount("Alice@Example.org", displayName: "Alice A.")
            let password = try #require(created.generatedPassword)
            #expect(password.count >= Password.shortest)
            #expect(created.account.displayName == "Alice A.")
            let hash = try #require(try await store.directory.passwordCredential(of: created.account.id)).secret
            #expect(PasswordHash.verify(password: Array(password.utf8), phc: hash))
            #expect(!hash.contains(password))
            #expect(try await administration.account("alice@example.org").id == created.account.id)
        }
    }

    @Test func quotaIsEnforcedByTheAccount() async throws {
        try await withAdministration { administration, store in
            let created = try await administration.createAccount("alice@example.org", quota: 1_000)
            #expect(try await store.account(created.account.id).usage().quota == 1_000)
            try await administration.setQuota(of: "alice@example.org", to: nil)
            #expect(try await store.account(created.account.id).usage().quota == nil)
        }
    }

    @Test(
        arguments: [
            ("alice", AdministrationError.badAddress("alice", .noAt)),
            ("alice@", .badAddress("alice@", .emptyDomain)),
            ("al ice@example.org", .badAddress("al ice@example.org", .localPartCharacter("a space"))),
            ("alice@elsewhere.example", .noSuchDomain("elsewhere.example")),
            ("alice+lists@example.org", .detailInAddress("alice+lists@example.org")),
        ])
    func refusesAddresses(address: String, error: AdministrationError) async throws {
        try await withAdministration { administration, _ in
            await #expect(throws: error) { try await administration.createAccount(address) }
            let accounts = try await administration.accounts()
            #expect(accounts.isEmpty)
            #expect(!error.explanation.isEmpty)
        }
    }

    @Test func refusesWhatIsWrongWithoutChange() async throws {
        try await withAdministration { administration, store in
            await #expect(throws: AdministrationError.badPassword(.tooShort(characters: 5))) {
                try await administration.createAccount("alice@example.org", password: .given(Array("short".utf8)))
            }
            await #expect(throws: AdministrationError.badQuota(-1)) {
                try await administration.createAccount("alice@example.org", quota: -1)
            }
            await #expect(throws: AdministrationError.self) {
                try await administration.createAccount("alice@example.org", displayName: "two\nlines")
            }
            #expect(try await administration.accounts().isEmpty)

            let alice = try await administration.createAccount("alice@example.org")
            await #expect(throws: AdministrationError.self) {
                try await administration.createAccount("ALICE@example.org")
            }
            let before = try await store.directory.passwordCredential(of: alice.account.id)?.secret
            await #expect(throws: AdministrationError.self) {
                try await administration.setPassword(of: "alice@example.org", to: .given(Array("short".utf8)))
            }
            await #expect(throws: AdministrationError.self) {
                try await administration.setPassword(of: "alice@example.org", to: .none)
            }
            #expect(try await store.directory.passwordCredential(of: alice.account.id)?.secret == before)
            await #expect(throws: AdministrationError.noSuchAccount("bob@example.org")) {
                try await administration.setPassword(of: "bob@example.org", to: .generated)
            }
        }
    }

    @Test func renames() async throws {
        try await withAdministration { administration, store in
            let alice = try await administration.createAccount("alice@example.org").account
            let renamed = try await administration.renameAccount("alice@example.org", to: "alicia@example.org")
            #expect(renamed.id == alice.id)
            await #expect(throws: AdministrationError.noSuchAccount("alice@example.org")) {
                try await administration.account("alice@example.org")
            }
            await #expect(throws: AdministrationError.noSuchDomain("nowhere.example")) {
                try await administration.renameAccount("alicia@example.org", to: "a@nowhere.example")
            }
        }
    }

    @Test func suspendsAndResumes() async throws {
        try await withAdministration { administration, _ in
            _ = try await administration.createAccount("alice@example.org")
            try await administration.suspendAccount("alice@example.org")
            #expect(try await administration.account("alice@example.org").status == .suspended)
            try await administration.resumeAccount("alice@example.org")
            #expect(try await administration.account("alice@example.org").status == .active)
        }
    }

    @Test func removesTheAccountAndItsMail() async throws {
        try await withAdministration { administration, store in
            let alice = try await administration.createAccount("alice@example.org").account
            _ = try await store.account(alice.id).mailboxes()
            try await administration.removeAccount("alice@example.org")
            #expect(try await administration.accounts().isEmpty)
            let again = try await administration.createAccount("alice@example.org").account
            #expect(again.id != alice.id, "an id names a file and is never used again")
        }
    }
}

@Suite struct AliasTests {
    @Test func addsAndRemoves() async throws {
        try await withAdministration { administration, store in
            let alice = try await administration.createAccount("alice@example.org").account
            try await administration.addAlias("info@example.org", targets: ["alice@example.org", "ALICE@example.org"])
            try await administration.addAlias("@example.org", targets: ["alice@example.org"])
            #expect(Set(try await administration.aliases().map(\.name.text)) == ["info@example.org", "@example.org"])
            let anyone = try await store.directory.recipients(for: EmailAddress("whoever@example.org"))
            #expect(anyone.map(\.account.id) == [alice.id])
            try await administration.removeAlias("@example.org")
            await #expect(throws: AdministrationError.noSuchAlias("@example.org")) {
                try await administration.removeAlias("@example.org")
            }
        }
    }

    @Test func refuses() async throws {
        try await withAdministration { administration, _ in
            _ = try await administration.createAccount("alice@example.org")
            await #expect(throws: AdministrationError.noSuchDomain("nowhere.example")) {
                try await administration.addAlias("info@nowhere.example", targets: ["alice@example.org"])
            }
            await #expect(throws: AdministrationError.noSuchAccount("bob@example.org")) {
                try await administration.addAlias("info@example.org", targets: ["bob@example.org"])
            }
            await #expect(throws: AdministrationError.noTargets("info@example.org")) {
                try await administration.addAlias("info@example.org", targets: [])
            }
            await #expect(throws: AdministrationError.self) {
                try await administration.addAlias("alice@example.org", targets: ["alice@example.org"])
            }
            #expect(try await administration.aliases().isEmpty)
        }
    }
}

@Suite struct DomainTests {
    @Test(arguments: [("EXAMPLE.net.", "example.net"), ("bücher.example", "bücher.example"), ("a.b", "a.b")])
    func adds(given: String, kept: String) async throws {
        try await withAdministration { administration, _ in
            let added = try await administration.addDomain(given)
            #expect(added == kept)
            #expect(try await administration.domains().map(\.name).contains(kept))
        }
    }

    @Test(arguments: ["", ".", "a..b", "-a.b", "[192.0.2.1]", "a b", "a/b", "x@y", String(repeating: "a", count: 300)])
    func refuses(name: String) async throws {
        try await withAdministration { administration, _ in
            await #expect(throws: AdministrationError.self) { try await administration.addDomain(name) }
            let names = try await administration.domains().map(\.name)
            #expect(names == ["example.org"])
        }
    }

    @Test func isNotRemovedWhileSomebodyLivesThere() async throws {
        try await withAdministration { administration, _ in
            _ = try await administration.createAccount("alice@example.org")
            await #expect(throws: AdministrationError.self) { try await administration.removeDomain("example.org") }
            try await administration.removeAccount("alice@example.org")
            try await administration.removeDomain("example.org")
            await #expect(throws: AdministrationError.noSuchDomain("example.org")) {
                try await administration.removeDomain("example.org")
            }
        }
    }
}
