// QUOTA over a connection: what is told, who may set it, what is refused.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct QuotaTests {
    private func resources(_ reply: IMAPReply) -> [String]? {
        reply.data("QUOTA").first.flatMap { $0.values[2].list?.compactMap(\.text) }
    }

    @Test func told() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.login()
            let none = try await client.command("GETQUOTA \"\"")
            #expect(none.isOK && resources(none) == [])
            try await server.alice.setQuota(5_000)
            try await server.alice.setMessageQuota(10)
            let some = try await client.command("GETQUOTAROOT INBOX")
            #expect(some.data("QUOTAROOT").first?.values.dropFirst().map(\.text) == ["INBOX", ""])
            #expect(resources(some) == ["STORAGE", "1", "5", "MESSAGE", "3", "10"])
            // A mailbox that is not there yet has the root that it would have.
            let future = try await client.command("GETQUOTAROOT later/on")
            #expect(future.data("QUOTAROOT").first?.values.count == 3 && future.data("QUOTA").count == 1)
            #expect(try await client.command("GETQUOTA alice").code == "NONEXISTENT")
            #expect(try await client.command("GETQUOTAROOT \"a//b\"").code == "CANNOT")
        }
    }

    @Test("what is expunged no longer counts, before its body is purged")
    func expunged() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            try await server.alice.setMessageQuota(3)
            let client = try await server.select()
            try await client.command("STORE 1:2 +FLAGS (\\Deleted)")
            try await client.command("EXPUNGE")
            #expect(resources(try await client.command("GETQUOTA \"\"")) == ["MESSAGE", "1", "3"])
        }
    }

    @Test("SETQUOTA is for owners whom the administrator lets")
    func set() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("SETQUOTA \"\" (STORAGE 10)").code == "NOPERM")
            try await server.alice.setQuotaByOwner(true)
            let set = try await client.command("SETQUOTA \"\" (STORAGE 10 MESSAGE 7)")
            #expect(set.isOK && resources(set) == ["STORAGE", "0", "10", "MESSAGE", "0", "7"])
            // What is not named is no longer limited.
            let storage = try await client.command("SETQUOTA \"\" (STORAGE 20)")
            #expect(resources(storage) == ["STORAGE", "0", "20"])
            #expect(try await server.alice.quotaUsage().quota == AccountQuota(bytes: 20_480, isOwnersToSet: true))
            #expect(try await server.store.directory.account(server.aliceID)?.quota == 20_480)
            #expect(try await client.command("SETQUOTA \"\" (MAILBOX 20)").isNO)
            #expect(try await client.command("SETQUOTA \"\" (STORAGE 9223372036854775807)").isNO)
            #expect(try await client.command("SETQUOTA other (STORAGE 1)").isNO)
            #expect(resources(try await client.command("GETQUOTA \"\"")) == ["STORAGE", "0", "20"])
            #expect(resources(try await client.command("SETQUOTA \"\" ()")) == [])
        }
    }

    @Test("case 200: what would go over a quota is refused with OVERQUOTA, whole", arguments: ClientMode.allCases)
    func overQuota(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            try await server.alice.setMessageQuota(5)
            let client = try await server.login()
            try await client.enter(mode)
            try await client.command("SELECT INBOX")
            #expect(try await client.command("COPY 1:3 Sent").code == "OVERQUOTA")
            #expect(try await client.command("COPY 1:2 Sent").isOK)
            #expect(try await client.append("INBOX", Sample.message(9)).code == "OVERQUOTA")
            #expect(try await client.command("MOVE 1:3 Trash").isOK)
            let status = try await client.command("STATUS Sent (MESSAGES)")
            #expect(status.data("STATUS").first?.values[2].list?.last?.number == 2)
            try await server.alice.setMessageQuota(nil)
            try await server.alice.setQuota(1)
            #expect(try await client.append("INBOX", Sample.message(9)).code == "OVERQUOTA")
        }
    }

    @Test func statusOfDeleted() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let size = try await client.command("FETCH 1 RFC822.SIZE").fetches.first?.items["RFC822.SIZE"]?.number
            try await client.command("STORE 1 +FLAGS (\\Deleted)")
            let reply = try await client.command("STATUS INBOX (DELETED DELETED-STORAGE MESSAGES)")
            let values = reply.data("STATUS").first?.values[2].list?.compactMap(\.number)
            #expect(values == [1, size ?? 0, 3])
            let list = try await client.command("LIST \"\" INBOX RETURN (STATUS (DELETED-STORAGE))")
            #expect(list.data("STATUS").first?.values[2].list?.last?.number == size)
            #expect(
                try await client.command("STATUS Sent (DELETED-STORAGE)").data("STATUS").first?.values[2].list?
                    .last?.number == 0)
        }
    }
}
