// Credentials: stored and read back, and what may happen once happens once, whoever asks.

import Foundation
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct CredentialsTests {
    @Test func everyFieldIsReadBack() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let new = NewCredential(
                kind: .appPassword, secret: "$argon2id$x", label: "my phone — größte", publicID: "k3f9a",
                scopes: [.smtp, .imap, .readOnly], networks: ["192.0.2.0/24", "2001:db8::/32"], expires: 2_000_000_000,
                scram: "keys")
            let added = try await directory.addCredential(
                new, to: alice, limit: 50, action: "app-password.create", by: "test")
            #expect(added.accountID == alice && added.kind == .appPassword && added.secret == "$argon2id$x")
            #expect(added.label == new.label && added.publicID == "k3f9a" && added.scopes == new.scopes)
            #expect(added.networks == new.networks && added.expires == 2_000_000_000 && added.scram == "keys")
            #expect(added.isConfirmed && added.lastStep == 0 && added.failures == 0 && added.changed == 1)
            #expect(added.lastUsed == nil && added.useCount == 0 && added.created > 1_700_000_000)
            #expect(try await directory.credential(added.id) == added)
            #expect(try await directory.credential(publicID: "k3f9a", kind: .appPassword) == added)
            #expect(try await directory.credential(publicID: "k3f9a", kind: .certificate) == nil)
            #expect(try await directory.credentials(of: alice) == [added])
            #expect(try await directory.credentials(of: alice, kind: .totp).isEmpty)
        }
    }

    @Test func hasCredentialsLooksAtAllAccounts() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            #expect(try await !directory.hasCredentials(of: .certificate))
            let certificate = NewCredential(kind: .certificate, secret: "", publicID: "ab12")
            let added = try await directory.addCredential(
                certificate, to: alice, limit: 10, action: "certificate.add", by: "test")
            #expect(try await directory.hasCredentials(of: .certificate))
            try await directory.removeCredential(added.id, action: "certificate.remove", by: "test")
            #expect(try await !directory.hasCredentials(of: .certificate))
        }
    }

    @Test("cases 119 and 120: of 100 callers beside two stores on a file one uses a TOTP step, and no earlier one is")
    func stepIsUsedOnce() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let totp = try await directory.addCredential(
                NewCredential(kind: .totp, secret: "sealed", isConfirmed: false), to: alice, limit: 1,
                action: "totp.enroll", by: "test")
            #expect(try await !directory.useStep(totp.id, step: 5), "an offered secret accepts nothing")
            let directories = [directory, other.directory]
            let confirmed = try await successes(of: 100) {
                try await directories[$0 % 2].confirmCredential(totp.id, step: 100, by: "test")
            }
            #expect(confirmed == 1)
            let used = try await successes(of: 100) {
                try await directories[$0 % 2].useStep(totp.id, step: 101)
            }
            #expect(used == 1)
            for earlier: Int64 in [99, 100, 101] {
                #expect(try await !directory.useStep(totp.id, step: earlier))
            }
            #expect(try await directory.credential(totp.id)?.lastStep == 101)
            await other.close()
        }
    }

    @Test("case 124: a recovery code is used up by one of 100 callers, with one audit line")
    func codeIsConsumedOnce() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let codes = try await directory.replaceCredentials(
                (0..<10).map { NewCredential(kind: .recoveryCode, secret: "$argon2id$\($0)") }, of: .recoveryCode,
                account: alice, action: "recovery-codes.renew", by: "test")
            let directories = [directory, other.directory]
            let used = try await successes(of: 100) {
                try await directories[$0 % 2].consumeCredential(
                    codes[3].id, action: "recovery-code.use", by: "alice@example.org")
            }
            #expect(used == 1)
            #expect(try await directory.credentials(of: alice).map(\.id) == codes.filter { $0 != codes[3] }.map(\.id))
            #expect(try await directory.audit(limit: 500).count { $0.action == "recovery-code.use" } == 1)
            await other.close()
        }
    }

    @Test("cases 119 and 124: what was used stays used for a server killed right after the answer")
    func useIsDurable() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let totp = try await directory.addCredential(
                NewCredential(kind: .totp, secret: "sealed"), to: alice, limit: 1, action: "totp.enroll", by: "test")
            let code = try await directory.addCredential(
                NewCredential(kind: .recoveryCode, secret: "hash"), to: alice, limit: 10,
                action: "recovery-codes.renew", by: "test")
            #expect(try await directory.useStep(totp.id, step: 7))
            #expect(try await !afterKill(of: temporary) { try await $0.useStep(totp.id, step: 7) })
            #expect(try await directory.consumeCredential(code.id, action: "recovery-code.use", by: "test"))
            let again = try await afterKill(of: temporary) {
                try await $0.consumeCredential(code.id, action: "recovery-code.use", by: "test")
            }
            #expect(!again)
            let line = try await afterKill(of: temporary) { try await $0.audit(limit: 1)[0].action }
            #expect(line == "recovery-code.use")
        }
    }

    @Test func onlyARecoveryCodeIsConsumed() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
            let password = try #require(try await directory.passwordCredential(of: alice))
            #expect(try await !directory.consumeCredential(password.id, action: "x", by: "test"))
            #expect(try await !directory.useStep(password.id, step: 1))
            #expect(try await directory.passwordCredential(of: alice) == password)
        }
    }

    @Test func failuresAreCountedInARow() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "$argon2id$1", by: "test")
            let id = try #require(try await directory.passwordCredential(of: alice)).id
            let counts = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 1...20 { group.addTask { try await directory.countFailure(id) } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(counts == Set(1...20))
            try await directory.clearFailures(id)
            #expect(try await directory.countFailure(id) == 1)
            try await directory.setPassword(alice, hash: "$argon2id$2", by: "test")
            #expect(try await directory.credential(id)?.failures == 0)
            #expect(try await directory.countFailure(CredentialID(rawValue: 999)) == 0)
        }
    }

    @Test func aRehashIsNoOtherSecret() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "old", by: "test")
            let before = try #require(try await directory.passwordCredential(of: alice))
            try await directory.rehash(before.id, from: "another", to: "new")
            #expect(try await directory.passwordCredential(of: alice) == before)
            try await directory.rehash(before.id, from: "old", to: "new")
            let after = try #require(try await directory.passwordCredential(of: alice))
            #expect(after.secret == "new" && after.changed == before.changed)
            #expect(try await directory.credentialExists(before.id, changed: before.changed))
            try await directory.setPassword(alice, hash: "other", by: "test")
            #expect(try await !directory.credentialExists(before.id, changed: before.changed))
        }
    }

    /// Opens the directory as a killed server leaves it: its file and write-ahead log as they are, nothing closed.
    private func afterKill<T>(
        of temporary: TemporaryStore, _ work: (Directory) async throws -> T
    ) async throws -> T {
        let files = FileManager.default
        let copy = files.temporaryDirectory.path + "/martlet-killed-\(UUID().uuidString)"
        try files.createDirectory(atPath: copy, withIntermediateDirectories: false)
        defer { try? files.removeItem(atPath: copy) }
        for suffix in ["", "-wal"] {
            try files.copyItem(
                atPath: temporary.store.layout.directoryDatabase + suffix, toPath: copy + "/directory.db" + suffix)
        }
        let directory = try Directory(path: copy + "/directory.db")
        defer { directory.close() }
        return try await work(directory)
    }

    /// How many of `count` calls at once say true.
    private func successes(
        of count: Int, _ call: @escaping @Sendable (Int) async throws -> Bool
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<count { group.addTask { try await call(number) } }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }
}

/// The directory, and alice's account in it.
func setUp(_ temporary: TemporaryStore) async throws -> (directory: Directory, alice: AccountID) {
    (temporary.store.directory, try await temporary.account().id)
}
