// Changes of credentials: limits, replacement, removal; each with its audit line, and sessions told where they must be.

import Mail
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct CredentialChangesTests {
    @Test func limitIsKeptByConcurrentCallers() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let refused = await withTaskGroup(of: StoreError?.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        do throws(StoreError) {
                            _ = try await directory.addCredential(
                                Self.appPassword("id\(number)"), to: alice, limit: 5, action: "app-password.create",
                                by: "test")
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [StoreError]()) { if let error = $1 { $0.append(error) } }
            }
            #expect(refused.count == 15)
            for error in refused {
                guard case .limit(let text) = error else {
                    Issue.record("not a limit: \(error)")
                    continue
                }
                #expect(text.contains("alice@example.org has 5 of the kind app-password"))
            }
            #expect(try await directory.credentials(of: alice).count == 5)
            #expect(try await actions(directory).count { $0 == "app-password.create" } == 5)
        }
    }

    @Test func publicIDIsNobodyElses() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let bob = try await temporary.account("bob@example.org").id
            _ = try await directory.addCredential(
                Self.appPassword("k3f9a"), to: alice, limit: 5, action: "app-password.create", by: "test")
            await #expect(throws: StoreError.alreadyExists(kind: "app-password", name: "k3f9a")) {
                try await directory.addCredential(
                    Self.appPassword("k3f9a"), to: bob, limit: 5, action: "app-password.create", by: "test")
            }
            #expect(try await directory.credentials(of: bob).isEmpty)
        }
    }

    @Test func secretIsSealedToItsID() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let added = try await directory.addCredential(
                NewCredential(kind: .totp, secret: "", isConfirmed: false), to: alice, limit: 1,
                action: "totp.enroll", by: "test"
            ) { "sealed for \($0)" }
            #expect(added.secret == "sealed for \(added.id)" && !added.isConfirmed)
            struct NoKey: Error {}
            await #expect(throws: StoreError.self) {
                try await directory.addCredential(
                    NewCredential(kind: .totp, secret: "", isConfirmed: false), to: alice, limit: 1,
                    action: "totp.enroll", by: "test"
                ) { _ in throw NoKey() }
            }
            #expect(try await directory.credentials(of: alice) == [added], "what failed has changed nothing")
        }
    }

    @Test func anOfferIsReplacedAndAConfirmedSecretIsNot() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let offer = NewCredential(kind: .totp, secret: "sealed", isConfirmed: false)
            let first = try await directory.addCredential(
                offer, to: alice, limit: 1, action: "totp.enroll", by: "test")
            let second = try await directory.addCredential(
                offer, to: alice, limit: 1, action: "totp.enroll", by: "test")
            #expect(try await !directory.confirmCredential(first.id, step: 9, by: "test"))
            #expect(try await directory.confirmCredential(second.id, step: 9, by: "test"))
            await #expect(throws: StoreError.self) {
                try await directory.addCredential(offer, to: alice, limit: 1, action: "totp.enroll", by: "test")
            }
            let kept = try await directory.credentials(of: alice, kind: .totp)
            #expect(kept.map(\.id) == [second.id] && kept[0].isConfirmed && kept[0].lastStep == 9)
            #expect(try await !directory.useStep(second.id, step: 9), "the confirming code counts as used")
        }
    }

    @Test func codesAreRenewedTogether() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            func renew(_ secrets: [String], kind: CredentialKind = .recoveryCode) async throws -> [CredentialRecord] {
                try await directory.replaceCredentials(
                    secrets.map { NewCredential(kind: kind, secret: $0) }, of: .recoveryCode, account: alice,
                    action: "recovery-codes.renew", by: "test")
            }
            let old = try await renew(["a", "b"])
            let new = try await renew(["c", "d", "e"])
            #expect(try await directory.credentials(of: alice) == new)
            #expect(Set(old.map(\.id)).isDisjoint(with: new.map(\.id)), "no id is given out twice")
            await #expect(throws: StoreError.self) { try await renew(["f"], kind: .password) }
            #expect(try await directory.credentials(of: alice) == new)
            #expect(try await directory.audit(limit: 1)[0].detail == "2 removed, 3 added")
        }
    }

    @Test func removalIsByIDOrByKind() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            var ids: [CredentialID] = []
            for number in 0..<3 {
                ids.append(
                    try await directory.addCredential(
                        Self.appPassword("id\(number)"), to: alice, limit: 5, action: "app-password.create", by: "test"
                    ).id)
            }
            try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
            try await directory.removeCredential(ids[1], action: "app-password.revoke", by: "test")
            await #expect(throws: StoreError.notFound(kind: "credential", name: "#\(ids[1])")) {
                try await directory.removeCredential(ids[1], action: "app-password.revoke", by: "test")
            }
            let removed = try await directory.removeCredentials(
                of: alice, kind: .appPassword, action: "app-password.revoke", by: "test")
            #expect(removed == 2)
            #expect(try await directory.credentials(of: alice).map(\.kind) == [.password])
            let lines = try await actions(directory).count
            #expect(
                try await directory.removeCredentials(of: alice, kind: .totp, action: "totp.reset", by: "test") == 0)
            #expect(try await actions(directory).count == lines)
        }
    }

    @Test func sessionsAreLookedAtAgainWhereTheyMust() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let told = Mutex(0)
            let watch = directory.watchChanges { told.withLock { $0 += 1 } }
            func state() async throws -> (Int64?, Int) {
                (try await directory.account(alice)?.generation, told.withLock { $0 })
            }
            let offer = try await directory.addCredential(
                NewCredential(kind: .totp, secret: "sealed", isConfirmed: false), to: alice, limit: 1,
                action: "totp.enroll", by: "test")
            let (before, _) = try await state()
            _ = try await directory.confirmCredential(offer.id, step: 1, by: "test")
            let (confirmed, tellings) = try await state()
            #expect(try #require(confirmed) > (try #require(before)))
            _ = try await directory.useStep(offer.id, step: 2)
            _ = try await directory.countFailure(offer.id)
            try await directory.clearFailures(offer.id)
            try await directory.recordLogins([
                LoginUse(
                    accountID: alice, credentialID: offer.id, protocolName: "imap", address: "::1", first: 1, last: 1)
            ])
            try await directory.addBan(
                BanRecord(network: "192.0.2.0/24", created: 1, expires: 2, reason: ""), isAutomatic: true,
                by: "martletd")
            #expect(try await state() == (confirmed, tellings), "what logins themselves write tells nobody")
            try await directory.removeCredential(offer.id, action: "totp.reset", by: "test")
            let (removed, last) = try await state()
            #expect(try #require(removed) > (try #require(confirmed)) && last > tellings)
            try await directory.setMainPasswordPolicy(alice, "never", by: "test")
            #expect(try #require(try await state().0) > (try #require(removed)))
            watch.cancel()
        }
    }

    @Test func auditNamesTheCredentialAndNotItsSecret() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let new = NewCredential(
                kind: .appPassword, secret: "SECRET-1", label: "phone", publicID: "k3f9a", scopes: [.smtp, .imap],
                networks: ["192.0.2.0/24"], expires: 9, scram: "SECRET-2")
            let added = try await directory.addCredential(
                new, to: alice, limit: 5, action: "app-password.create", by: "root")
            let line = try await directory.audit(limit: 1)[0]
            #expect(line.actor == "root" && line.action == "app-password.create" && line.subject == "alice@example.org")
            #expect(
                line.detail
                    == "app-password #\(added.id) k3f9a scopes=imap,smtp from=192.0.2.0/24 expires=9 label=phone")
            for text in ["\(added)", "\(new)", String(reflecting: added), String(reflecting: [new])] {
                #expect(!text.contains("SECRET") && text.contains("k3f9a"), "\(text)")
            }
        }
    }

    private static func appPassword(_ publicID: String) -> NewCredential {
        NewCredential(kind: .appPassword, secret: "$argon2id$", label: "phone", publicID: publicID, scopes: [.imap])
    }

    private func actions(_ directory: Directory) async throws -> [String] {
        try await directory.audit(limit: 1_000).map(\.action)
    }
}
