// App passwords of an account: made, shown, bounded, revoked.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

private let alice = "alice@example.org"

@Suite struct AppPasswordsTests {
    @Test func isMadeAndToldOnce() async throws {
        try await Household.with { house in
            let made = try await house.administration.createAppPassword(
                alice, label: "telephone", scopes: [.imap, .smtp], expires: house.clock.time + 60,
                networks: ["10.1.2.3/8", "10.0.0.0/8", "::1"])
            let text = try #require(AppPasswordText.parse(Array(made.secret.utf8)))
            #expect(text.display == made.secret && text.publicID == made.id)
            let record = try #require(
                try await house.store.directory.credential(publicID: made.id, kind: .appPassword))
            #expect(PasswordHash.verify(password: text.secret, phc: record.secret))
            #expect(record.secret.hasPrefix("$argon2id$"))
            #expect(record.networks == ["10.0.0.0/8", "::1"])
            #expect(record.scopes == [.imap, .smtp])
            let salt = try #require(try await house.store.directory.scramSalt(of: record.accountID))
            let keys = SCRAMKeys.list(try #require(record.scram))
            #expect(keys == (try text.spellings.map { try SCRAMKeys.make(password: $0, salt: salt) }))

            let listed = try await house.administration.appPasswords(alice)
            #expect(listed == [made.info])
            #expect(!listed[0].isExpired && listed[0].label == "telephone" && listed[0].useCount == 0)
            house.clock.advance(by: 60)
            #expect(try await house.administration.appPassword(alice, id: made.id.uppercased()).isExpired)
        }
    }

    @Test func saltIsSharedAndScopesDefault() async throws {
        try await Household.with { house in
            let first = try await house.administration.createAppPassword(alice, label: "a")
            let second = try await house.administration.createAppPassword(alice, label: "b", scopes: [.readOnly])
            #expect(first.secret != second.secret)
            #expect(first.info.scopes == [.imap, .pop, .smtp, .sieve, .jmap])
            #expect(second.info.scopes == [.imap, .readOnly])
            let account = try await house.administration.account(alice)
            let records = try await house.store.directory.credentials(of: account.id, kind: .appPassword)
            #expect(Set(records.flatMap { SCRAMKeys.list($0.scram ?? "") }.map(\.salt)).count == 1)
        }
    }

    @Test func refuses() async throws {
        try await Household.with { house in
            let administration = house.administration
            let past = house.clock.time
            let attempts: [@Sendable () async throws -> Void] = [
                { _ = try await administration.createAppPassword(alice, label: "two\nlines") },
                { _ = try await administration.createAppPassword(alice, label: String(repeating: "x", count: 201)) },
                { _ = try await administration.createAppPassword(alice, label: "a", expires: past) },
                { _ = try await administration.createAppPassword(alice, label: "a", networks: ["10.0.0.0/33"]) },
                {
                    let many = (0..<33).map { "10.0.0.\($0)" }
                    _ = try await administration.createAppPassword(alice, label: "a", networks: many)
                },
                { _ = try await administration.createAppPassword("carol@example.org", label: "a") },
                { try await administration.revokeAppPassword(alice, id: "zzzzz") },
            ]
            for attempt in attempts {
                let refusal = try #require(await refusal(attempt))
                #expect(!refusal.explanation.isEmpty)
            }
            #expect(try await administration.appPasswords(alice).isEmpty)
        }
    }

    @Test func fiftyAtMost() async throws {
        try await Household.with { house in
            for number in 0..<50 {
                _ = try await house.administration.createAppPassword(alice, label: "\(number)")
            }
            let refusal = await refusal { _ = try await house.administration.createAppPassword(alice, label: "51") }
            guard case .store(.limit) = refusal else {
                Issue.record("\(String(describing: refusal))")
                return
            }
            _ = try await house.administration.createAppPassword("bob@example.org", label: "his own")
        }
    }

    @Test func revoking() async throws {
        try await Household.with { house in
            let made = try await house.administration.createAppPassword(alice, label: "old telephone")
            let before = try await house.administration.account(alice).generation
            let other = AdministrationError.credential(.noSuchAppPassword(made.id, account: "bob@example.org"))
            await #expect(throws: other) {
                try await house.administration.revokeAppPassword("bob@example.org", id: made.id)
            }
            try await house.administration.revokeAppPassword(alice, id: made.id)
            #expect(try await house.administration.appPasswords(alice).isEmpty)
            #expect(try await house.administration.account(alice).generation > before)
            let audit = try await house.administration.audit(subject: alice, limit: 2).map(\.action)
            #expect(audit == ["app-password.revoke", "app-password.create"])
        }
    }

    @Test func historyNamesTheCredential() async throws {
        try await Household.with { house in
            let made = try await house.administration.createAppPassword(alice, label: "telephone")
            let record = try #require(
                try await house.store.directory.credential(publicID: made.id, kind: .appPassword))
            let use = LoginUse(
                accountID: record.accountID, credentialID: record.id, protocolName: "imap", address: "192.0.2.1",
                client: "Mail 1.0", tls: "TLSv1.3", first: 5, last: 9, count: 3)
            try await house.store.directory.recordLogins([use])
            let listed = try await house.administration.appPassword(alice, id: made.id)
            #expect(listed.useCount == 3 && listed.lastUsed == 9 && listed.lastLogin == use)
            for history in [
                try await house.administration.loginHistory(alice, credential: made.id),
                try await house.administration.loginHistory(alice), try await house.administration.loginHistory(),
            ] {
                #expect(history.map(\.use) == [use])
                #expect(history[0].credential == made.id && history[0].label == "telephone")
                #expect(history[0].account == alice && history[0].kind == .appPassword)
            }
            #expect(try await house.administration.loginHistory("bob@example.org").isEmpty)
            await #expect(throws: AdministrationError.self) {
                try await house.administration.loginHistory(alice, credential: "zzzzz")
            }
        }
    }
}
