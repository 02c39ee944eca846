// What other servers got wrong with mailboxes: their names, special uses, subscriptions, identity.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PitfallMailboxTests {
    private static func names(_ reply: IMAPReply, _ kind: String = "LIST") -> [String] {
        reply.data(kind).compactMap { $0.values.count > 3 ? $0.values[3].text : nil }
    }

    @Test(
        "pitfall 11: names with any letters come back as they were made",
        arguments: [
            "a&b", "R&D &- more", "50% \"off\"", "a*b", "🐦", "Wysłane", "Kladde æøå", "日本語", "~peter", "{3}",
        ])
    func anyName(name: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let wire = ModifiedUTF7.encode(name)
            let quoted = wire.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            let made = try await client.command("CREATE \"\(quoted)\"")
            guard made.isOK else {
                // `%` and `*` may be refused (RFC 3501 §5.1), never be made and not be found.
                #expect(name.contains(where: { "%*".contains($0) }) && made.isNO, "\(made.tagged)")
                return
            }
            let listed = Self.names(try await client.command("LIST \"\" *"))
            #expect(listed.contains(wire), "\(listed)")
            #expect(try await client.command("SELECT", literal: Array(wire.utf8)).isOK)
            #expect(try await client.append("\"\(quoted)\"", Sample.message(1)).isOK)
            #expect(
                try await client.command("STATUS \"\(quoted)\" (MESSAGES)").data("STATUS").first?.values[1].text == wire
            )
            #expect(try await server.alice.mailbox(MailboxName(name))?.messages == 1)
        }
    }

    @Test("pitfall 15: without IMAP4rev2 and LIST-EXTENDED there is no OLDNAME and no \\NonExistent")
    func oldNames() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a/b")
            try await client.command("SUBSCRIBE gone/child")
            for command in [
                "RENAME a/b a/c", "LIST \"\" *", "LIST \"\" gone/*", "LSUB \"\" *", "LSUB \"\" %", "CREATE z",
            ] {
                for row in try await client.command(command).untagged {
                    #expect(row.values.count == 4, "\(command): \(row.values)")
                    #expect(row.values[1].list?.contains(.atom("\\NonExistent")) == false, "\(command): \(row.values)")
                }
            }
        }
    }

    @Test("pitfall 17: the usual names, each with its one use, and all subscribed")
    func usualNames() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let uses = ["Archive", "Drafts", "Junk", "Sent", "Trash"]
            let rows = try await client.command("LIST \"\" * RETURN (SPECIAL-USE SUBSCRIBED)").data("LIST")
            for use in uses {
                let holders = rows.filter { $0.values[1].list?.contains(.atom("\\\(use)")) == true }
                #expect(holders.compactMap { $0.values[3].text } == [use])
            }
            #expect(rows.allSatisfy { $0.values[1].list?.contains(.atom("\\Subscribed")) == true }, "\(rows)")
            try await client.command("CREATE new/child")
            let subscribed = Self.names(try await client.command("LSUB \"\" *"), "LSUB")
            #expect(Set(uses + ["INBOX", "new/child"]).isSubset(of: subscribed), "\(subscribed)")
        }
    }

    @Test("pitfall 18: the personal namespace has no prefix and is parted by /")
    func namespace() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let personal = try await client.command("NAMESPACE").data("NAMESPACE").first?.values[1]
            #expect(personal == .list([.list([.string([]), .string([0x2f])])]))
        }
    }

    @Test("pitfall 19: SUBSCRIBE right after CREATE and RENAME is OK and changes nothing")
    func subscribeAgain() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a")
            #expect(try await client.command("SUBSCRIBE a").isOK)
            try await client.command("RENAME a b")
            #expect(try await client.command("SUBSCRIBE b").isOK)
            #expect(try await client.command("UNSUBSCRIBE a").isOK)
            let names = Self.names(try await client.command("LSUB \"\" *"), "LSUB")
            #expect(names.filter { $0 == "b" }.count == 1 && !names.contains("a"), "\(names)")
        }
    }

    @Test("pitfall 32: UIDVALIDITY and UIDs are kept by RENAME, and by a server that starts anew")
    func uidValidityIsKept() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let (old, new) = (try MailboxName("old"), try MailboxName("new"))
            let made = try await account.createMailbox(old)
            let messages = try await [temporary.message("\r\nx", flags: Flags(.deleted)), temporary.message("\r\ny")]
            _ = try await account.append(messages, to: old)
            _ = try await account.expunge(in: made.id, only: nil)
            try await account.renameMailbox(old, to: new)
            let before = try #require(try await account.mailbox(new))
            #expect(before.uidValidity == made.uidValidity)
            // Another process that opens the same directory sees what a restart would.
            let again = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            let after = try #require(try await again.account(account.id).mailbox(new))
            #expect(after.uidValidity == made.uidValidity && after.uidNext == 3 && after.messages == 1)
            await again.close()
        }
    }
}
