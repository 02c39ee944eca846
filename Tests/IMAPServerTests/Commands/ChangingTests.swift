// The commands that change messages: STORE, COPY, MOVE, EXPUNGE; and what the other sessions are told, and when.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ChangingTests {
    @Test func store() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let add = try await client.command("STORE 1:2 +FLAGS (\\Flagged $Work)")
            #expect(add.fetches.map(\.number) == [1, 2])
            #expect(add.fetches.first?.flags == ["\\Flagged", "$Work", "\\Recent"])
            // The new keyword is told before a message shows it.
            #expect(add.untagged.first?.name == "FLAGS")
            #expect(try await client.command("STORE 1 +FLAGS (\\Flagged)").fetches.count == 1)
            #expect(try await client.command("STORE 1 -FLAGS.SILENT (\\Flagged)").fetches.isEmpty)
            let replaced = try await client.command("UID STORE 2 FLAGS (\\Seen)")
            #expect(replaced.fetches.first?.flags == ["\\Seen", "\\Recent"])
            #expect(replaced.fetches.first?.uid == 2)
            #expect(try await client.command("UID STORE 99 FLAGS (\\Seen)").isOK)
            #expect(try await client.command("STORE 9 FLAGS (\\Seen)").isBAD)
        }
    }

    @Test(
        "case 69: flags that clients may not set, and keywords without end",
        arguments: [
            "(\\Recent)", "(\\*)", "(\\Nonsense)", "(a]b)", "({5})", "(\(String(repeating: "k", count: 5_000)))",
        ])
    func badFlags(flags: String) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            #expect(try await client.command("STORE 1 +FLAGS \(flags)").isOK == false)
            #expect(try await client.command("NOOP").isOK)
        }
    }

    @Test("case 69: an account's keywords have a limit")
    func tooManyKeywords() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            var code: String?
            for start in stride(from: 0, to: 1_200, by: 50) where code == nil {
                let keywords = (start..<start + 50).map { "k\($0)" }.joined(separator: " ")
                code = try await client.command("STORE 1 FLAGS.SILENT (\(keywords))").code
            }
            #expect(code == "LIMIT")
        }
    }

    @Test func copy() async throws {
        try await TestServer.with { server in
            try await server.fill(3, flags: Flags(.seen, keywords: [Keyword("$Work")!]))
            let client = try await server.select()
            let reply = try await client.command("COPY 1,3 Sent")
            #expect(reply.code?.hasPrefix("COPYUID ") == true)
            #expect(reply.code?.hasSuffix(" 1,3 1:2") == true)
            #expect(try await client.command("COPY 1 nothing").code == "TRYCREATE")
            #expect(try await client.command("UID COPY 99 Sent").isOK)
            #expect(try await client.command("UID COPY 99 nothing").code == "TRYCREATE")
            try await client.command("SELECT Sent")
            let fetch = try await client.command("FETCH 1:* (FLAGS INTERNALDATE)")
            #expect(fetch.fetches.allSatisfy { $0.flags == ["\\Seen", "$Work", "\\Recent"] })
            #expect(fetch.fetches.first?.items["INTERNALDATE"]?.text == " 9-Sep-2001 01:46:40 +0000")
        }
    }

    @Test("pitfall 26: MOVE tells COPYUID, then EXPUNGE, then OK; moving what is gone is OK")
    func move() async throws {
        try await TestServer.with { server in
            try await server.fill(4)
            let client = try await server.select()
            let reply = try await client.command("MOVE 2:3 Trash")
            #expect(reply.isOK && reply.code == nil)
            #expect(reply.untagged.first?.code?.hasPrefix("COPYUID ") == true)
            #expect(reply.expunged == [3, 2])
            let again = try await client.command("UID MOVE 2:3 Trash")
            #expect(again.isOK && again.untagged.isEmpty)
            #expect(try await client.command("FETCH 1:* UID").fetches.map(\.uid) == [1, 4])
            #expect(try await client.command("MOVE 1 nothing").code == "TRYCREATE")
            #expect(try await client.command("UID MOVE 4 INBOX").isOK)
        }
    }

    @Test func expunge() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let client = try await server.select()
            try await client.command("STORE 1,3,5 +FLAGS.SILENT (\\Deleted)")
            let some = try await client.command("UID EXPUNGE 1:2")
            #expect(some.expunged == [1])
            let rest = try await client.command("EXPUNGE")
            #expect(rest.expunged == [4, 2])
            #expect(try await client.command("EXPUNGE").untagged.isEmpty)
        }
    }

    @Test("case 80: three sessions on one mailbox; no EXPUNGE during FETCH, STORE or SEARCH")
    func threeSessions() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let one = try await server.select()
            let two = try await server.select()
            let three = try await server.select()
            try await one.command("STORE 2 +FLAGS.SILENT (\\Deleted)")
            #expect(try await two.command("NOOP").fetches.map(\.number) == [2])
            try await one.command("EXPUNGE")
            for line in ["FETCH 1:5 FLAGS", "STORE 3 +FLAGS (\\Seen)", "SEARCH ALL"] {
                #expect(try await two.command(line).expunged.isEmpty, "\(line)")
            }
            // Numbers still mean what they meant, though the third session was told of none of it.
            #expect(try await two.command("FETCH 5 UID").fetches.first?.uid == 5)
            #expect(try await two.command("UID FETCH 5 UID").expunged == [2])
            #expect(try await two.command("FETCH 4 UID").fetches.first?.uid == 5)
            #expect(try await three.command("FETCH 3 (UID FLAGS)").fetches.first?.uid == 3)
            let check = try await three.command("CHECK")
            #expect(check.expunged == [2])
        }
    }

    @Test func recentBelongsToOneSession() async throws {
        try await TestServer.with { server in
            let one = try await server.select()
            let two = try await server.select()
            try await server.fill(2)
            let first = try await one.command("NOOP")
            #expect(first.exists == 2 && first.recent == 2)
            let second = try await two.command("NOOP")
            #expect(second.exists == 2 && second.recent == 0)
        }
    }

    @Test func silentStoreTellsWhatAnotherSessionDid() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let one = try await server.select()
            let two = try await server.select()
            try await two.command("STORE 1 +FLAGS.SILENT (\\Flagged)")
            let reply = try await one.command("STORE 1 +FLAGS.SILENT (\\Seen)")
            #expect(reply.fetches.first?.flags?.isSuperset(of: ["\\Seen", "\\Flagged"]) == true)
        }
    }

    @Test func storeOnWhatIsGone() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let one = try await server.select()
            let two = try await server.select()
            try await two.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
            try await two.command("EXPUNGE")
            let reply = try await one.command("STORE 1 +FLAGS (\\Seen)")
            #expect(reply.isOK && reply.code == "EXPUNGEISSUED" && reply.expunged.isEmpty)
            #expect(try await one.command("COPY 1 Sent").isOK)
        }
    }

    @Test("pitfall 6: NOOP sends no STATUS")
    func noop() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.command("NOOP").untagged.isEmpty)
            try await server.fill(1)
            #expect(try await client.command("NOOP").data("STATUS").isEmpty)
        }
    }

    @Test func aMailboxDeletedUnderASessionEndsIt() async throws {
        try await TestServer.with { server in
            let one = try await server.login()
            try await one.command("CREATE doomed")
            let two = try await server.select("doomed")
            #expect(try await one.command("DELETE doomed").isOK)
            try await two.send("X NOOP\r\n")
            #expect(try await two.untilClosed().map(\.condition) == ["BYE"])
        }
    }
}
