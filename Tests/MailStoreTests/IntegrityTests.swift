// The check finds what it is for: each planted fault is reported, and a sound store is not.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct IntegrityTests {
    static let faults = [
        "UPDATE mailbox SET messages = messages + 1 WHERE name = 'INBOX'",
        "UPDATE mailbox SET unseen = 7 WHERE name = 'INBOX'",
        "UPDATE mailbox SET uid_next = 1 WHERE name = 'INBOX'",
        "UPDATE mailbox SET modseq = 1 WHERE name = 'INBOX'",
        "UPDATE account_state SET modseq = 1",
        "UPDATE account_state SET used_bytes = used_bytes + 5",
        "UPDATE account_state SET last_uid_validity = 1",
        "UPDATE message SET size = size + 1",
        "DELETE FROM body_chunk WHERE id & 65535 = 0",
        "UPDATE body_chunk SET data = randomblob(length(data))",
        "UPDATE body SET parts = x'ff00'",
        "DELETE FROM message",
        "INSERT INTO body_chunk (id, encoding, size, data) VALUES (1 << 40, 0, 1, x'78')",
        "UPDATE mailbox SET name = 'gone' WHERE name = 'INBOX'",
        "UPDATE mailbox SET name = 'gone/Drafts' WHERE name = 'Drafts'",
        "DELETE FROM sort_key WHERE body_id = 2",
        "DELETE FROM thread_member WHERE body_id = 2",
        "UPDATE thread_member SET thread_id = 3 WHERE body_id = 2",
        "UPDATE search_state SET indexed_to = 4",
        "INSERT INTO search_header (search_header) VALUES ('delete-all')",
        "UPDATE search_header_data SET block = zeroblob(length(block)) WHERE id > 10",
        "UPDATE search_body_data SET block = zeroblob(length(block)) WHERE id > 10",
        "UPDATE search_words_data SET block = zeroblob(length(block)) WHERE id > 10",
        "INSERT INTO header_group VALUES (0, 0, 130, x'0100000200" + String(repeating: "00", count: 125) + "')",
        "INSERT INTO body_origin VALUES (1, 7, 1, 7, 1)",
        "INSERT INTO thread_origin VALUES (1, 7, 1)",
        """
        INSERT INTO body_origin VALUES (2, 7, 1, 7, 1), (3, 7, 1, 7, 2);
        INSERT INTO thread_origin VALUES (2, 7, 1), (3, 7, 2)
        """,
    ]

    @Test(arguments: faults)
    func faultIsFound(sql: String) async throws {
        let result = await #expect(throws: IntegrityFailure.self) {
            try await TemporaryStore.with { temporary in
                let account = try await temporary.account()
                let text = "Subject: x\r\n\r\n" + String(repeating: "line of text\r\n", count: 50)
                for _ in 1...3 { _ = try await account.append([try await temporary.message(text)], to: .inbox) }
                try await account.updateSearchIndex()
                #expect(try await account.checkIntegrity().isClean)
                try plant(sql, in: account.file.path)
            }
        }
        #expect(result?.problems.isEmpty == false)
    }

    @Test func useAfterCloseIsAnErrorNotATrap() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let view = try await account.view(of: .inbox)
            let message = try await temporary.message("\r\nx")
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(account.id)
            await other.close()
            await #expect(throws: StoreError.self) { try await twin.append([message], to: .inbox) }
            await #expect(throws: StoreError.self) { try await twin.mailboxes() }
            await #expect(throws: StoreError.self) { try await other.account(AccountID(rawValue: 77)) }
            #expect(view.current.isEmpty)
        }
    }
}
