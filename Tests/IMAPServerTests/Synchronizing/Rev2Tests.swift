// IMAP4rev2 (RFC 9051 appendix E): what changes once it is enabled, and that nothing does before.

import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct Rev2Tests {
    @Test("SELECT tells LIST and no RECENT, UNSEEN, \\Recent; OLDNAME where the client wrote another name")
    func selecting() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await server.login(.rev2)
            let reply = try await client.command("SELECT inbox")
            #expect(reply.data("RECENT").isEmpty)
            #expect(reply.code("UNSEEN") == nil)
            let list = try #require(reply.data("LIST").first?.values)
            #expect(list[3].text == "INBOX")
            let extended = list.last?.description ?? ""
            #expect(extended.contains("OLDNAME") && extended.contains("inbox"))
            let plain = try #require(try await client.command("SELECT INBOX").data("LIST").first?.values)
            #expect(plain.count == 4)
            let flags = try await client.command("FETCH 1:* FLAGS").fetches.compactMap(\.flags)
            #expect(flags.count == 2 && flags.allSatisfy { !$0.contains("\\Recent") })
            try await server.fill(1)
            let told = try await client.command("NOOP")
            #expect(told.exists == 3 && told.data("RECENT").isEmpty)
            #expect(try await client.command("EXAMINE Sent").data("LIST").count == 1)
            #expect(try await client.command("SELECT nowhere").data("LIST").isEmpty)
        }
    }

    @Test("before ENABLE everything is IMAP4rev1's")
    func notEnabled() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            let reply = try await client.command("SELECT INBOX")
            #expect(reply.recent == 1 && reply.data("LIST").isEmpty && reply.code("UNSEEN") == "1")
            #expect(try await client.command("SEARCH ALL").found == [1])
            #expect(try await client.command("FETCH 1 FLAGS").fetches.first?.flags == ["\\Recent"])
        }
    }

    @Test("SEARCH is answered by ESEARCH, every FETCH that tells of a change has its UID")
    func replies() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select(mode: .rev2)
            let found = try await client.command("SEARCH ALL")
            #expect(found.data("SEARCH").isEmpty && found.data("ESEARCH").count == 1)
            #expect(try await client.command("UID SEARCH RETURN (COUNT) ALL").data("ESEARCH").count == 1)
            let stored = try await client.command("STORE 2 +FLAGS (\\Seen)")
            #expect(stored.fetches.map(\.uid) == [2])
            let seen = try await client.command("FETCH 3 BODY[TEXT]")
            #expect(seen.fetches.first?.uid == 3 && seen.fetches.first?.flags?.contains("\\Seen") == true)
            let other = try await server.select()
            try await other.command("STORE 1 +FLAGS (\\Flagged)")
            let told = try await client.command("NOOP")
            #expect(told.fetches.map(\.uid) == [1] && told.fetches.first?.modSeq == nil)
        }
    }

    @Test("pitfall 11: names are UTF-8 both ways, & is a letter like others; other sessions still speak UTF-7",
        arguments: ["Entwürfe", "R&D", "&AOk-", "日本語/台北", "😀", "a\"b", "Łódź \\ x", "&-"])
    func names(_ text: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login(.rev2)
            let old = try await server.login()
            let quoted = "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
            #expect(try await client.command("CREATE \(quoted)").isOK)
            #expect(try await client.command("SELECT", literal: Array(text.utf8)).isOK)
            let names = try await client.command("LIST \"\" *").data("LIST").compactMap { $0.values[3].text }
            #expect(names.contains(text))
            #expect(try await client.command("LIST \"\" \(quoted)").data("LIST").count == 1)
            #expect(try await client.command("STATUS \(quoted) (DELETED)").data("STATUS").first?.values[1].text == text)
            #expect(try await client.command("LSUB \"\" *").data("LSUB").contains { $0.values[3].text == text })
            let encoded = ModifiedUTF7.encode(text)
            let oldNames = try await old.command("LIST \"\" *").data("LIST").compactMap { $0.values[3].text }
            #expect(oldNames.contains(encoded))
            #expect(try await client.command("RENAME \(quoted) \"neu ü\"").isOK)
            #expect(try await client.command("DELETE \"neu ü\"").isOK)
        }
    }

    @Test("STATUS DELETED, in LIST too; numbers of 63 bits")
    func numbers() async throws {
        try await TestServer.with { server in
            try await server.fill(3, flags: Flags(.deleted))
            let client = try await server.select(mode: .rev2)
            let status = try await client.command("STATUS Sent (DELETED SIZE)").data("STATUS").first?.values[2]
            #expect(status?.description == "(DELETED 0 SIZE 0)")
            let list = try await client.command("LIST \"\" INBOX RETURN (STATUS (DELETED))").data("STATUS")
            #expect(list.first?.values[2].description == "(DELETED 3)")
            #expect(try await client.command("SEARCH LARGER 9223372036854775807").isOK)
            let tail = try await client.command("FETCH 1 BODY.PEEK[]<5000000000.9223372036854775807>")
            #expect(tail.fetches.first?.items["BODY[]<5000000000>"]?.bytes == [])
            let all = try await client.command("FETCH 1 BODY.PEEK[]<0.9223372036854775807>")
            #expect(all.fetches.first?.items["BODY[]<0>"]?.bytes?.isEmpty == false)
        }
    }

    @Test("what IMAP4rev2 leaves out is still understood")
    func oldCommands() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select(mode: .rev2)
            for command in ["CHECK", "LSUB \"\" *", "FETCH 1 RFC822.SIZE", "SEARCH NEW", "SEARCH OLD"] {
                #expect(try await client.command(command).isOK, "\(command)")
            }
        }
    }

    @Test("a mailbox with children is kept, with HASCHILDREN")
    func hasChildren() async throws {
        try await TestServer.with { server in
            let client = try await server.login(.rev2)
            try await client.command("CREATE a/b")
            #expect(try await client.command("DELETE a").code == "HASCHILDREN")
        }
    }

    @Test("ENABLE names what this command enables, and no more")
    func enabling() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            func enabled(_ names: String) async throws -> [String] {
                try await client.command("ENABLE \(names)").data("ENABLED")[0].values.dropFirst().compactMap(\.text)
            }
            #expect(try await enabled("X-NONE IDLE") == [])
            #expect(try await enabled("condstore") == ["CONDSTORE"])
            #expect(try await enabled("QRESYNC CONDSTORE") == ["QRESYNC"])
            #expect(try await enabled("imap4REV2 UTF8=ACCEPT") == ["UTF8=ACCEPT", "IMAP4rev2"])
            #expect(try await enabled("IMAP4rev2") == [])
        }
    }
}
