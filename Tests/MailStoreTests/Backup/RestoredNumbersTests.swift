// After a restore no number comes again that the lost server may have given out.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct RestoredNumbersTests {
    @Test("case 88: UIDs, MODSEQs and ids go on far behind those of the backup, and what is there keeps its own")
    func numbersGoAhead() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for number in 1...3 {
                _ = try await account.append([try await temporary.message("\r\n\(number)")], to: .inbox)
            }
            let before = try #require(try await account.mailbox(.inbox))
            let deleted = try MailboxName("Deleted")
            _ = try await account.createMailbox(deleted)
            _ = try await account.append([try await temporary.message("\r\nx")], to: deleted)
            try await account.deleteMailbox(deleted)
            let body = try await account.file.read { try $0.count("SELECT max(id) FROM body") }
            try await account.moveNumbersAhead(secondsSinceBackup: 0)
            // As the server does: opened anew.
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let again = try await other.account(account.id)
            let after = try #require(try await again.mailbox(.inbox))
            #expect(after.uidValidity == before.uidValidity && after.messages == 3)
            #expect(after.uidNext == before.uidNext + 1 << 20)
            #expect(after.modSeq.rawValue > before.modSeq.rawValue + 1 << 32)
            // Whoever knew more hears of it.
            let gone = try await again.vanished(from: after.id, since: before.modSeq, among: UIDSet([2...7]))
            #expect(gone == UIDSet([4...7]))
            #expect(try await again.vanished(from: after.id, since: after.modSeq, among: .all).isEmpty)
            let view = try await again.view(of: .inbox)
            #expect(view.current.lastUID == UID(3))
            let outcome = try await again.append([try await temporary.message("\r\n4")], to: .inbox)
            #expect(outcome.uids == [UID(UInt32(before.uidNext + 1 << 20))])
            #expect(try await again.file.read { try $0.count("SELECT max(id) FROM body") } > body + 1 << 16)
            #expect(try await again.undeleteMailbox(deleted).messages == 1)
            #expect(try await again.checkIntegrity().problems == [])
            await other.close()
        }
    }

    @Test("case 88: a mailbox without so many UIDs left gets a new UIDVALIDITY")
    func fullMailbox() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let before = try #require(try await account.mailbox(.inbox))
            try account.file.syncOnWriter {
                try $0.execute(sql: "UPDATE mailbox SET uid_next = 4294960000 WHERE name = 'INBOX'")
            }
            try await account.moveNumbersAhead(secondsSinceBackup: 0)
            let after = try #require(try await account.mailbox(.inbox))
            #expect(after.uidValidity.rawValue > before.uidValidity.rawValue && after.uidNext == 4_294_960_000)
        }
    }
}
