// The audit trail: filtered, and not to be changed by anybody who writes SQL as the store does.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct AuditTests {
    @Test(arguments: [
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET time = time",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE id = 1",
        "REPLACE INTO audit (id, time, actor, action, subject) VALUES (1, 0, '', '', '')",
        "INSERT OR REPLACE INTO audit (id, time, actor, action, subject) VALUES (1, 0, '', '', '')",
    ])
    func linesStay(sql: String) async throws {
        try await TemporaryStore.with { temporary in
            let (directory, _) = try await setUp(temporary)
            let before = try await directory.audit(limit: 100)
            #expect(!before.isEmpty)
            #expect(throws: StoreError.self) { try directory.file.syncOnWriter { try $0.execute(sql: sql) } }
            #expect(try await directory.audit(limit: 100) == before)
        }
    }

    @Test func linesAreFoundByTimeAndSubject() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.audit("login.kick", subject: "alice@example.org", detail: "2 sessions", by: "admin")
            try await directory.setSetting("policy.main-password", "never", by: "admin")
            try await directory.setSetting("policy.main-password", nil, by: "admin")
            #expect(try await directory.setting("policy.main-password") == nil)
            try await directory.setMainPasswordPolicy(alice, "trusted-networks", by: "admin")
            let all = try await directory.audit(limit: 100)
            #expect(all.map(\.id) == Array((1...Int64(all.count)).reversed()))
            let hers = try await directory.audit(subject: "Alice@EXAMPLE.org", limit: 100)
            #expect(hers.map(\.action) == ["policy.main-password", "login.kick", "account.add"])
            #expect(hers[1].detail == "2 sessions" && hers[1].actor == "admin")
            let settings = try await directory.audit(subject: "policy.main-password")
            #expect(settings.map(\.detail) == ["default", "never"])
            #expect(try await directory.audit(since: all[0].time + 1).isEmpty)
            #expect(try await directory.audit(since: all[all.count - 1].time, limit: 2) == Array(all[..<2]))
        }
    }

    @Test func whatFailsIsNotAudited() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let before = try await directory.audit(limit: 100)
            await #expect(throws: StoreError.self) {
                try await directory.setMainPasswordPolicy(alice, "sometimes", by: "test")
            }
            await #expect(throws: StoreError.self) {
                try await directory.setPassword(AccountID(rawValue: 99), hash: "x", by: "test")
            }
            #expect(try await directory.audit(limit: 100) == before)
        }
    }
}

@Suite struct AccountRowsTests {
    @Test func saltIsTheFirstProposed() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            #expect(try await directory.scramSalt(of: alice) == nil)
            let salts = try await withThrowingTaskGroup(of: [UInt8].self) { group in
                for number in UInt8(1)...20 {
                    group.addTask {
                        try await directory.ensureScramSalt(of: alice, proposal: [UInt8](repeating: number, count: 16))
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(salts.count == 1)
            #expect(try await directory.scramSalt(of: alice) == salts.first)
            let bob = try await temporary.account("bob@example.org").id
            await #expect(throws: StoreError.self) { try await directory.ensureScramSalt(of: bob, proposal: [1]) }
        }
    }

    @Test func aliasesThatGoWithAnAccountAreAudited() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let bob = try await temporary.account("bob@example.org").id
            let (info, both) = (try EmailAddress("info@example.org"), try EmailAddress("both@example.org"))
            try await directory.addAlias(.address(info), targets: [alice], by: "test")
            try await directory.addAlias(.address(both), targets: [alice, bob], by: "test")
            try await directory.removeAccount(alice, by: "test")
            try await temporary.store.removeAccountFile(alice)
            #expect(try await directory.aliases().map(\.name) == [.address(both)])
            let removed = try await directory.audit(subject: "info@example.org", limit: 1)[0]
            #expect(removed.action == "alias.remove" && removed.detail == "alice@example.org")
        }
    }

    @Test func policyIsReadBack() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            #expect(try await directory.account(alice)?.mainPasswordPolicy == nil)
            for policy in ["everywhere", "trusted-networks", "never", nil] {
                try await directory.setMainPasswordPolicy(alice, policy, by: "test")
                #expect(try await directory.account(alice)?.mainPasswordPolicy == policy)
                #expect(try await directory.accounts()[0].mainPasswordPolicy == policy)
            }
        }
    }
}
