// The commands on mailboxes as a whole: LIST, LSUB, CREATE, DELETE, RENAME, SUBSCRIBE, STATUS, SELECT.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct MailboxCommandTests {
    static func names(_ reply: IMAPReply, _ kind: String = "LIST") -> [String] {
        reply.data(kind).compactMap { $0.values.count > 3 ? $0.values[3].text : nil }
    }

    static func attributes(_ reply: IMAPReply, of name: String) -> Set<String> {
        let row = reply.untagged.first { $0.values.count > 3 && $0.values[3].text == name }
        return Set(row?.values[1].list?.compactMap(\.text) ?? [])
    }

    @Test("pitfall 16: special uses stand in plain LIST")
    func list() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let all = try await client.command("LIST \"\" *")
            #expect(Self.names(all) == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"])
            #expect(Self.attributes(all, of: "Drafts") == ["\\Drafts", "\\HasNoChildren"])
            try await client.command("CREATE a/b/c")
            #expect(Self.names(try await client.command("LIST \"\" a/%")) == ["a/b"])
            #expect(Self.attributes(try await client.command("LIST a/ %"), of: "a/b") == ["\\HasChildren"])
            #expect(Self.names(try await client.command("LIST \"\" inbox")) == ["INBOX"])
            let delimiter = try await client.command("LIST \"\" \"\"")
            #expect(
                delimiter.untagged.first?.values == [
                    .atom("LIST"), .list([.atom("\\Noselect")]), .string([0x2f]), .string([]),
                ])
            #expect(Self.names(try await client.command("LIST \"\" nothing")).isEmpty)
        }
    }

    @Test func listReturn() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await server.login()
            let status = try await client.command("LIST \"\" INBOX RETURN (SUBSCRIBED STATUS (MESSAGES UNSEEN SIZE))")
            #expect(Self.attributes(status, of: "INBOX").contains("\\Subscribed"))
            #expect(
                status.data("STATUS").first?.values[2].list?.prefix(4) == [
                    .atom("MESSAGES"), .atom("2"), .atom("UNSEEN"), .atom("2"),
                ])
            try await client.command("SUBSCRIBE gone/child")
            let subscribed = try await client.command("LIST (SUBSCRIBED) \"\" gone/*")
            let gone = Self.attributes(subscribed, of: "gone/child")
            #expect(gone == ["\\HasNoChildren", "\\NonExistent", "\\Subscribed"])
            #expect(Self.names(try await client.command("LIST (SPECIAL-USE) \"\" *")).count == 5)
        }
    }

    @Test func lsub() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("UNSUBSCRIBE Junk")
            #expect(!Self.names(try await client.command("LSUB \"\" *"), "LSUB").contains("Junk"))
            try await client.command("SUBSCRIBE x/y")
            let percent = try await client.command("LSUB \"\" x%")
            #expect(Self.names(percent, "LSUB") == ["x"])
            #expect(Self.attributes(percent, of: "x") == ["\\Noselect"])
        }
    }

    @Test("pitfall 14: INBOX is INBOX in any case, everywhere")
    func inbox() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CREATE inbox").isNO)
            #expect(try await client.command("DELETE InBox").isNO)
            #expect(try await client.command("SUBSCRIBE iNBOX").isOK)
            #expect(
                try await client.command("STATUS inbox (MESSAGES)").data("STATUS").first?.values[1] == .atom("INBOX"))
            #expect(try await client.command("CREATE Inbox/child").isOK)
            #expect(Self.names(try await client.command("LIST \"\" inbox/%")) == ["INBOX/child"])
            #expect(try await client.command("RENAME Sent inBOX").isNO)
        }
    }

    @Test func createDeleteRename() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CREATE work/").isOK)
            #expect(try await client.command("CREATE work").code == "ALREADYEXISTS")
            #expect(try await client.command("RENAME work play/hard").isOK)
            #expect(try await client.command("SELECT work").code == "NONEXISTENT")
            #expect(try await client.command("SELECT play/hard").isOK)
            #expect(try await client.command("DELETE play/hard").isOK)
            // The mailbox that was selected here is left.
            #expect(try await client.command("FETCH 1 FLAGS").isBAD)
            #expect(try await client.command("DELETE play/hard").code == "NONEXISTENT")
            #expect(try await client.command("CREATE papers (USE (\\Archive \\Sent))").code == "USEATTR")
        }
    }

    @Test func renameOfInboxMovesItsMessages() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            #expect(try await client.command("RENAME INBOX old").isOK)
            #expect(try await client.command("SELECT INBOX").exists == 0)
            #expect(try await client.command("SELECT old").exists == 3)
        }
    }

    @Test("case 73: renames that would bend the tree are refused")
    func renameLoops() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a/b")
            #expect(try await client.command("RENAME a a/b/c").isNO)
            #expect(try await client.command("RENAME a Sent").code == "ALREADYEXISTS")
            #expect(try await client.command("RENAME nothing x").code == "NONEXISTENT")
            #expect(try await client.command("DELETE a").isNO)
        }
    }

    @Test(
        "case 70: names that are none are refused and make nothing",
        arguments: [
            "../../etc/passwd", "/etc/x", "a/../../b", ".", "..", "a//b", String(repeating: "n", count: 10_000),
            Array(repeating: "l", count: 1_000).joined(separator: "/"),
        ])
    func badNames(name: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CREATE \"\(name)\"").code == "CANNOT")
            #expect(Self.names(try await client.command("LIST \"\" *")).count == 6)
        }
    }

    @Test(
        "case 71, pitfall 11: modified UTF-7 in one form only",
        arguments: [
            ("&", false), ("&AGE-", false), ("&2AA-", false), ("&AOk", false), ("&-", true), ("&AOk-t&AOk-", true),
            ("&Jjo-", true),
        ])
    func utf7(name: String, isRight: Bool) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let reply = try await client.command("CREATE \(name)")
            #expect(isRight ? reply.isOK : reply.code == "CANNOT")
            if isRight { #expect(Self.names(try await client.command("LIST \"\" *")).contains(name)) }
        }
    }

    @Test("case 72: one mailbox for the two ways to write a letter")
    func normalisation() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CREATE &AOk-").isOK)
            #expect(try await client.command("CREATE e&AwE-").code == "ALREADYEXISTS")
        }
    }

    @Test("case 74: a pattern of many wildcards over many mailboxes is quick")
    func wildcards() async throws {
        try await TestServer.with { server in
            for number in 0..<200 {
                let name = "m/\(String(repeating: "a", count: 50))\(number)"
                _ = try await server.alice.createMailbox(MailboxName(name))
            }
            let client = try await server.login()
            let start = ContinuousClock.now
            #expect(try await client.command("LIST \"\" \"\(String(repeating: "%*", count: 500))x\"").isOK)
            #expect(ContinuousClock.now - start < .soon, "a match that goes back would never end")
        }
    }

    @Test func status() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            try await server.fill(1, flags: Flags(.seen))
            let client = try await server.login()
            let reply = try await client.command("STATUS INBOX (UIDNEXT MESSAGES RECENT UNSEEN UIDVALIDITY SIZE)")
            let list = reply.data("STATUS").first?.values[2].list ?? []
            let expected = ["UIDNEXT", "4", "MESSAGES", "3", "RECENT", "3", "UNSEEN", "2"]
            #expect(list.prefix(8).map(\.text) == expected)
            #expect(try await client.command("STATUS nothing (MESSAGES)").code == "NONEXISTENT")
            #expect(try await client.command("STATUS INBOX (NONSENSE)").isBAD)
        }
    }

    @Test func select() async throws {
        try await TestServer.with { server in
            try await server.fill(1, flags: Flags(.seen, keywords: [Keyword("$Work")!]))
            try await server.fill(2)
            let client = try await server.login()
            let first = try await client.command("EXAMINE INBOX")
            #expect(first.code == "READ-ONLY")
            #expect(first.recent == 3)
            #expect(first.code("PERMANENTFLAGS") == "()")
            let second = try await client.command("SELECT INBOX")
            #expect(second.recent == 3)
            #expect(second.code("UNSEEN") == "2")
            #expect(second.code("UIDNEXT") == "4")
            #expect(second.code("UIDVALIDITY") != nil)
            #expect(second.code("PERMANENTFLAGS")?.hasSuffix("\\*)") == true)
            #expect(second.data("FLAGS").first?.values[1].list?.contains(.atom("$Work")) == true)
            // \Recent was this session's; the next sees none.
            #expect(try await client.command("SELECT INBOX").recent == 0)
            // A SELECT that fails leaves nothing selected.
            #expect(try await client.command("SELECT nothing").code == "NONEXISTENT")
            #expect(try await client.command("CHECK").isBAD)
        }
    }

    @Test("case 88, pitfall 29: a mailbox made anew has another UIDVALIDITY, and none has 0")
    func uidValidity() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            var seen: Set<String> = ["0"]
            for _ in 0..<3 {
                try await client.command("CREATE again")
                let validity = try await client.command("SELECT again").code("UIDVALIDITY") ?? "0"
                #expect(seen.insert(validity).inserted)
                try await client.command("DELETE again")
            }
        }
    }

    @Test func closeExpungesAndUnselectDoesNot() async throws {
        try await TestServer.with { server in
            try await server.fill(2, flags: Flags(.deleted))
            let client = try await server.select()
            #expect(try await client.command("UNSELECT").isOK)
            #expect(try await client.command("EXAMINE INBOX").exists == 2)
            #expect(try await client.command("CLOSE").isOK)
            #expect(try await client.command("SELECT INBOX").exists == 2)
            let close = try await client.command("CLOSE")
            #expect(close.isOK && close.untagged.isEmpty)
            #expect(try await client.command("SELECT INBOX").exists == 0)
        }
    }

    @Test(
        "case 76: what a client wrote comes back where it cannot break out",
        arguments: [
            "a \"b\" \\c", "x)(y", "{9}", "[OK] BYE",
        ])
    func quoting(name: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let literal = Array(name.utf8)
            #expect(try await client.command("CREATE", literal: literal).isOK)
            #expect(Self.names(try await client.command("LIST \"\" *")).contains(name))
            #expect(try await client.command("CREATE", literal: literal).isNO)
            #expect(try await client.command("NOOP").isOK)
        }
    }
}
