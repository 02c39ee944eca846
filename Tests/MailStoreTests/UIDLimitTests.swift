// The end of a mailbox's UIDs: the last is given out once, and then no more.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct UIDLimitTests {
    @Test("pitfall 29: UIDNEXT does not run over; what is full is refused and harms nothing")
    func lastUID() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let (full, name) = (try MailboxName("full"), try MailboxName("other"))
            let made = try await account.createMailbox(full)
            _ = try await account.createMailbox(name)
            let messages = try await [temporary.message("\r\n1"), temporary.message("\r\n2")]
            try account.file.syncOnWriter {
                try $0.execute(sql: "UPDATE mailbox SET uid_next = 4294967295 WHERE name = 'full'")
            }
            await #expect(throws: StoreError.self) { try await account.append(messages, to: full) }
            #expect(try await account.append([messages[0]], to: full).uids == [UID(UInt32.max)])
            await #expect(throws: StoreError.self) { try await account.append([messages[1]], to: full) }
            _ = try await account.append([try await temporary.message("\r\n3")], to: name)
            let other = try #require(try await account.mailbox(name))
            await #expect(throws: StoreError.self) { try await account.copy(.all, from: other.id, to: full) }
            await #expect(throws: StoreError.self) { try await account.move(.all, from: other.id, to: full) }
            #expect(try await account.mailbox(full)?.messages == 1)
            #expect(try await account.mailbox(name)?.messages == 1)
            let view = try await account.view(of: full)
            #expect(view.current.uidNext == 1 << 32 && view.current.lastUID == UID(UInt32.max))
            _ = try await account.expunge(in: made.id, only: nil)
        }
    }
}
