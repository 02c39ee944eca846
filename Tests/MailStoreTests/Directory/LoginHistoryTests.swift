// Login history and failures: aggregated, bounded, gone with their account.

import Foundation
import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct LoginHistoryTests {
    @Test func likeLoginsAreOneRow() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
            let id = try #require(try await directory.passwordCredential(of: alice)).id
            let use = LoginUse(
                accountID: alice, credentialID: id, protocolName: "imap", address: "192.0.2.7", client: nil,
                tls: "TLSv1.3", first: 100, last: 100)
            var later = use
            (later.first, later.last, later.count) = (150, 200, 3)
            var named = use
            (named.client, named.last) = ("Thunderbird", 300)
            try await directory.recordLogins([later, named])
            try await directory.recordLogins([use])
            var together = use
            (together.last, together.count) = (200, 4)
            #expect(try await directory.loginHistory(of: alice, limit: 10) == [named, together])
            #expect(try await directory.loginHistory(of: nil, credential: id, limit: 1) == [named])
            #expect(try await directory.loginHistory(of: AccountID(rawValue: 99), limit: 10).isEmpty)
            let credential = try await directory.credential(id)
            #expect(credential?.lastUsed == 300 && credential?.useCount == 5)
        }
    }

    @Test func historyStaysWhenTheCredentialGoes() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.setPassword(alice, hash: "$argon2id$", by: "test")
            let id = try #require(try await directory.passwordCredential(of: alice)).id
            try await directory.recordLogins([use(alice, id, "192.0.2.7", at: 1)])
            try await directory.removeCredential(id, action: "password.remove", by: "test")
            #expect(try await directory.loginHistory(of: alice, limit: 10).count == 1)
        }
    }

    @Test func newestThousandOfEachAccountStay() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let bob = try await temporary.account("bob@example.org").id
            let id = CredentialID(rawValue: 1)
            try await directory.recordLogins([use(bob, id, "::1", at: 1)])
            let uses = (1...1_100).map { use(alice, id, "2001:db8::\($0)", at: Int64($0)) }
            try await directory.recordLogins(Array(uses[..<900].shuffled()))
            try await directory.recordLogins(Array(uses[900...].shuffled()))
            let kept = try await directory.loginHistory(of: alice, limit: 5_000)
            #expect(kept.map(\.last) == Array((101...1_100).reversed()))
            #expect(try await directory.loginHistory(of: bob, limit: 10).count == 1)
        }
    }

    @Test func newestTenThousandFailuresStay() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            for start in stride(from: 0, to: 10_400, by: 1_300) {
                try await directory.recordFailures((start..<start + 1_300).map { failure(at: Int64($0)) })
            }
            let kept = try await directory.loginFailures(of: nil, limit: 50_000)
            #expect(kept.map(\.time) == Array((400..<10_400).reversed()))
            try await directory.recordFailures((0..<10_500).map { failure(at: Int64($0)) })
            #expect(try await directory.loginFailures(of: nil, limit: 50_000).count == 10_000)
        }
    }

    @Test func failuresAreFoundByAccountOrName() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            try await directory.recordFailures([
                failure(at: 1, account: alice, name: "alice@example.org"),
                failure(at: 2, name: "Alice@Example.org"),
                failure(at: 3, name: "nobody"),
                failure(at: 4, account: AccountID(rawValue: 99), name: "gone"),
            ])
            func times(_ account: AccountID?, _ name: String?) async throws -> [Int64] {
                try await directory.loginFailures(of: account, name: name, limit: 10).map(\.time)
            }
            #expect(try await times(nil, nil) == [4, 3, 2, 1])
            #expect(try await times(alice, nil) == [1])
            #expect(try await times(alice, "alice@example.org") == [2, 1])
            #expect(try await times(nil, "NOBODY") == [3])
            #expect(try await directory.loginFailures(of: nil, limit: 1)[0].accountID == nil)
            #expect(try await directory.loginFailures(of: nil, limit: -1).isEmpty)
        }
    }

    @Test("a client's text is cut, and never in a character", arguments: ["a", "ä", "€", "👩‍🚀"])
    func textsAreBounded(letter: String) async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let long = String(repeating: letter, count: 100_000)
            var use = use(alice, CredentialID(rawValue: 1), "::1", at: 1)
            use.client = long
            try await directory.recordLogins([use])
            try await directory.recordFailures([failure(at: 1, name: long)])
            let client = try #require(try await directory.loginHistory(of: alice, limit: 1)[0].client)
            let name = try await directory.loginFailures(of: nil, limit: 1)[0].name
            for text in [client, name] {
                #expect(text.utf8.count <= StoreLimits.loginText && text.utf8.count > StoreLimits.loginText - 20)
                #expect(Array(long.utf8).starts(with: Array(text.utf8)))
            }
        }
    }

    @Test("account removal takes every row of the account's with it")
    func removalTakesAllRows() async throws {
        try await TemporaryStore.with { temporary in
            let (directory, alice) = try await setUp(temporary)
            let bob = try await temporary.account("bob@example.org").id
            for account in [alice, bob] {
                try await directory.setPassword(account, hash: "$argon2id$", by: "test")
                _ = try await directory.ensureScramSalt(of: account, proposal: [UInt8](repeating: 7, count: 16))
                try await directory.recordLogins([use(account, CredentialID(rawValue: 1), "::1", at: 1)])
                try await directory.recordFailures([failure(at: 1, account: account, name: "x")])
            }
            try await directory.removeAccount(alice, by: "test")
            try await temporary.store.removeAccountFile(alice)
            let rows = try await directory.file.read { db in
                try ["account", "credential", "address", "address_target", "login_history", "login_failure"].map {
                    try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)")
                }
            }
            #expect(rows == [1, 1, 1, 1, 1, 1])
            // What was on its way when the account went.
            try await directory.recordLogins([use(alice, CredentialID(rawValue: 1), "::1", at: 1)])
            #expect(try await directory.loginHistory(of: nil, limit: 10).map(\.accountID) == [bob])
        }
    }

    private func use(_ account: AccountID, _ id: CredentialID, _ address: String, at time: Int64) -> LoginUse {
        LoginUse(
            accountID: account, credentialID: id, protocolName: "imap", address: address, first: time, last: time)
    }

    private func failure(
        at time: Int64, account: AccountID? = nil, name: String = "mallory"
    ) -> LoginFailureRecord {
        LoginFailureRecord(
            time: time, accountID: account, name: name, address: "192.0.2.9", protocolName: "imap", mechanism: "PLAIN",
            reason: "wrong-password")
    }
}
