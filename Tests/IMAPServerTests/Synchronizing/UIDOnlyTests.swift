// UIDONLY (RFC 9586): off unless the account was given it; then no sequence number either way.

import Accounts
import IMAPSyntax
import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct UIDOnlyTests {
    private func client(_ server: TestServer, also: String = "") async throws -> IMAPTestClient {
        try await server.administration.switchCapabilities(["UIDONLY"], of: "alice@example.org", to: true)
        let client = try await server.login()
        let reply = try await client.command("ENABLE UIDONLY \(also)")
        #expect(reply.data("ENABLED").first?.values.contains(.atom("UIDONLY")) == true)
        return client
    }

    @Test("pitfall 30: not offered, and not enabled, unless the administrator says so for the account")
    func off() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let offered = try await client.command("CAPABILITY").data("CAPABILITY")[0].values.compactMap(\.text)
            #expect(!offered.contains("UIDONLY"))
            #expect(try await client.command("ENABLE UIDONLY").data("ENABLED")[0].values.count == 1)
            try await server.fill(1)
            try await client.command("SELECT INBOX")
            #expect(try await client.command("FETCH 1 FLAGS").isOK)
        }
    }

    @Test(
        "sequence numbers are BAD with UIDREQUIRED, in every command that takes them",
        arguments: [
            "FETCH 1 FLAGS", "FETCH 1:* FLAGS", "STORE 1 +FLAGS (\\Seen)", "COPY 1 Sent", "MOVE 1 Trash", "SEARCH ALL",
            "UID SEARCH 1:*", "UID SEARCH NOT (OR 1 SEEN)", "SELECT INBOX (QRESYNC (1 1 1:9 (1 1)))", "FETCH $ FLAGS",
            "SORT (ARRIVAL) UTF-8 ALL", "UID SORT (ARRIVAL) UTF-8 1:*", "THREAD REFS UTF-8 ALL",
            "REPLACE 1 INBOX {6+}\r\nA: b\r\n",
        ])
    func refused(_ command: String) async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await client(server, also: "QRESYNC")
            try await client.command("SELECT INBOX")
            let reply = try await client.command(command)
            #expect(reply.isBAD && reply.code == "UIDREQUIRED")
            #expect(try await client.command("UID FETCH 1:2 FLAGS").isOK)
        }
    }

    @Test("replies are UIDFETCH and VANISHED, of the client's own commands and of others' changes")
    func replies() async throws {
        try await TestServer.with { server in
            try await server.deliver(["Subject: gone\r\n\r\nx\r\n"], flags: Flags(.deleted))
            try await server.fill(3)
            let other = try await server.select()
            try await other.command("EXPUNGE")
            let client = try await client(server)
            let selected = try await client.command("SELECT INBOX")
            #expect(selected.exists == 3 && selected.code("UNSEEN") == nil)
            let fetched = try await client.command("UID FETCH 2:* (FLAGS BODY.PEEK[TEXT])")
            #expect(fetched.fetches.isEmpty)
            #expect(fetched.data("UIDFETCH").compactMap(\.number) == [2, 3, 4])
            #expect(fetched.data("UIDFETCH").allSatisfy { $0.items["UID"] == nil && $0.flags != nil })
            let withUID = try await client.command("UID FETCH 3 (UID FLAGS)").data("UIDFETCH")
            #expect(withUID.first?.uid == 3 && withUID.first?.number == 3)
            let stored = try await client.command("UID STORE 4 +FLAGS (\\Deleted)")
            #expect(stored.data("UIDFETCH").compactMap(\.number) == [4])
            let seen = try await client.command("UID FETCH 3 BODY[TEXT]").data("UIDFETCH")
            #expect(seen.first?.flags?.contains("\\Seen") == true)
            #expect(try await client.command("EXPUNGE").vanished == [4])
            try await other.command("NOOP")
            try await other.command("UID STORE 2 +FLAGS (\\Flagged)")
            try await other.command("UID MOVE 3 Trash")
            let told = try await client.command("NOOP")
            #expect(told.vanished == [3] && told.data("UIDFETCH").compactMap(\.number) == [2])
            #expect(try await client.command("UID SEARCH UID 1:*").found == [2])
        }
    }

    @Test("with CONDSTORE and QRESYNC: MODSEQ in UIDFETCH, coming back by UID")
    func withQresync() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let first = try await server.login()
            let since = try #require(try await first.command("SELECT INBOX").code("HIGHESTMODSEQ"))
            try await first.command("STORE 2 +FLAGS (\\Flagged)")
            try await first.command("STORE 1 +FLAGS (\\Deleted)")
            try await first.command("EXPUNGE")
            let client = try await client(server, also: "QRESYNC")
            let back = try await client.command("SELECT INBOX (QRESYNC (\(try await server.validity()) \(since)))")
            #expect(back.vanishedEarlier == [1])
            #expect(back.data("UIDFETCH").compactMap(\.number) == [2])
            #expect(back.data("UIDFETCH").first?.modSeq != nil)
            let silent = try await client.command("UID STORE 3 +FLAGS.SILENT (\\Seen)").data("UIDFETCH")
            #expect(silent.first?.number == 3 && silent.first?.modSeq != nil)
        }
    }
}
