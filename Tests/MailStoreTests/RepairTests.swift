// What follows from the rest is made anew, and what does not is left and told.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct RepairTests {
    /// Plants a fault in a store with three messages and repairs it.
    private func repaired(_ sql: String) async throws -> RepairOutcome {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let text = "Subject: x\r\n\r\n" + String(repeating: "line of text\r\n", count: 50)
            for _ in 1...3 { _ = try await account.append([try await temporary.message(text)], to: .inbox) }
            try await account.updateSearchIndex()
            try plant(sql, in: account.file.path)
            let outcome = try await temporary.store.repair()
            // The store is checked at the end: what is left must not be.
            if !outcome.after.isClean {
                try await temporary.store.directory.removeAccount(account.id, by: "test")
            } else {
                let again = try await temporary.store.repair()
                #expect(again.repaired == [] && again.after.isClean)
                #expect(try await account.mailbox(.inbox)?.messages == 3)
                let outcome = try await account.append([try await temporary.message("\r\nnew")], to: .inbox)
                #expect(outcome.uids == [UID(4)])
            }
            return outcome
        }
    }

    @Test(arguments: [
        "UPDATE mailbox SET messages = messages + 1 WHERE name = 'INBOX'",
        "UPDATE mailbox SET unseen = 7, deleted = 2, size = 1 WHERE name = 'INBOX'",
        "UPDATE mailbox SET uid_next = 1 WHERE name = 'INBOX'", "UPDATE mailbox SET modseq = 1 WHERE name = 'INBOX'",
        "UPDATE account_state SET modseq = 1", "UPDATE account_state SET used_bytes = used_bytes + 5",
        "UPDATE account_state SET last_uid_validity = 1", "UPDATE message SET size = size + 1",
        "UPDATE body SET parts = x'ff00'", "UPDATE mailbox SET name = 'gone/Drafts' WHERE name = 'Drafts'",
        "DELETE FROM sort_key WHERE body_id = 2", "DELETE FROM thread_member WHERE body_id = 2",
        "UPDATE search_state SET indexed_to = 4", "INSERT INTO search_header (search_header) VALUES ('delete-all')",
        "UPDATE search_header_data SET block = zeroblob(length(block)) WHERE id > 10",
        "INSERT INTO header_group VALUES (0, 0, 130, x'0100000200" + String(repeating: "00", count: 125) + "')",
    ])
    func whatFollowsFromTheRestIsMadeAnew(sql: String) async throws {
        let outcome = try await repaired(sql)
        #expect(!outcome.before.isClean && outcome.after.problems == [])
        #expect(outcome.repaired == outcome.before.problems)
    }

    @Test(arguments: [
        "DELETE FROM body_chunk WHERE id & 65535 = 0", "UPDATE body_chunk SET data = randomblob(length(data))",
        "DELETE FROM message WHERE uid = 2; UPDATE mailbox SET messages = 2",
        "INSERT INTO body_chunk (id, encoding, size, data) VALUES (1 << 40, 0, 1, x'78')",
        "UPDATE mailbox SET uid_validity = (SELECT uid_validity FROM mailbox WHERE name = 'INBOX')",
    ])
    func whatFollowsFromNothingIsLeft(sql: String) async throws {
        let outcome = try await repaired(sql)
        #expect(!outcome.before.isClean && !outcome.after.isClean)
    }

    @Test(
        "the search index is made anew when it is wrong itself, not for the sake of the rest",
        arguments: [
            ("UPDATE mailbox SET messages = messages + 1 WHERE name = 'INBOX'", false),
            ("UPDATE search_header_data SET block = zeroblob(length(block)) WHERE id > 10", true),
            ("UPDATE search_state SET indexed_to = 40", true),
            (
                "INSERT INTO header_group VALUES (0, 0, 130, x'0100000200" + String(repeating: "00", count: 125) + "')",
                false
            ),
        ])
    func partOfTheSearchIndex(sql: String, isMadeAnew: Bool) async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for number in 1...3 {
                _ = try await account.append([try await temporary.message("Subject: \(number)\r\n\r\nx")], to: .inbox)
            }
            try await account.updateSearchIndex()
            let inbox = try await account.view(of: .inbox).mailboxID
            try await account.remove(UIDSet([1...1]), from: inbox)
            _ = try await account.purge(expungedBefore: .max)
            // It keeps traces of what is gone until it is made anew.
            #expect(try await account.searchIndexStatus().purged == 1)
            try plant(sql, in: account.file.path)
            let outcome = try await temporary.store.repair()
            #expect(outcome.after.problems == [] && !outcome.repaired.isEmpty)
            #expect(try await account.searchIndexStatus().purged == (isMadeAnew ? 0 : 1))
        }
    }

    @Test func aServerMustNotRun() async throws {
        try await TemporaryStore.with { temporary in
            let beside = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            await #expect(throws: StoreError.self) { try await beside.repair() }
            await beside.close()
        }
    }
}
