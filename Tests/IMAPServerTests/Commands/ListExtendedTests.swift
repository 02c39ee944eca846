// LIST-EXTENDED, CREATE-SPECIAL-USE and OLDNAME over a connection.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ListExtendedTests {
    private func names(_ reply: IMAPReply) -> [String] { MailboxCommandTests.names(reply) }
    private func attributes(_ reply: IMAPReply, of name: String) -> Set<String> {
        MailboxCommandTests.attributes(reply, of: name)
    }
    /// The extended items of a name's LIST, by their tag.
    private func items(_ reply: IMAPReply, of name: String) -> [String: IMAPValue] {
        let row = reply.data("LIST").first { $0.values.count > 4 && $0.values[3].text == name }
        let list = row?.values[4].list ?? []
        return Dictionary(
            stride(from: 0, to: list.count - 1, by: 2).map { (list[$0].text ?? "", list[$0 + 1]) },
            uniquingKeysWith: { $1 })
    }

    @Test func recursiveMatch() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a/b")
            try await client.command("UNSUBSCRIBE a/b")
            try await client.command("SUBSCRIBE a/b/c")
            let reply = try await client.command("LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (a a/%)")
            #expect(names(reply) == ["a", "a/b"])
            #expect(attributes(reply, of: "a") == ["\\HasChildren"])
            #expect(attributes(reply, of: "a/b") == ["\\HasNoChildren"])
            #expect(items(reply, of: "a") == ["CHILDINFO": .list([.string(Array("SUBSCRIBED".utf8))])])
            #expect(try await client.command("LIST (RECURSIVEMATCH) \"\" *").isBAD)
            #expect(try await client.command("LIST (X-OURS) \"\" *").isBAD)
        }
    }

    @Test("an extended LIST of nothing is no question for the delimiter")
    func emptyPattern() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("LIST \"\" \"\"").data("LIST").count == 1)
            for line in ["() \"\" \"\"", "\"\" (\"\")", "\"\" \"\" RETURN ()"] {
                let reply = try await client.command("LIST \(line)")
                #expect(reply.isOK && reply.data("LIST").isEmpty, "\(line)")
            }
            #expect(names(try await client.command("LIST \"\" (\"\" INBOX Sent IN%)")) == ["INBOX", "Sent"])
        }
    }

    @Test("STATUS is told of what was asked for, not of what leads to it")
    func status() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a/b")
            let reply = try await client.command(
                "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" (a INBOX) RETURN (STATUS (MESSAGES))")
            #expect(names(reply) == ["INBOX", "a"])
            #expect(reply.data("STATUS").map { $0.values[1].text } == ["INBOX"])
        }
    }

    @Test func createSpecialUse() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CREATE Important (USE (\\important))").isOK)
            let listed = try await client.command("LIST (SPECIAL-USE) \"\" Imp* RETURN (SPECIAL-USE)")
            #expect(attributes(listed, of: "Important") == ["\\Important", "\\HasNoChildren"])
            #expect(try await client.command("CREATE none (USE ())").isOK)
            for uses in ["\\All", "\\Flagged", "\\Sent", "\\Foo", "\\Junk \\Important", "\\Important"] {
                let reply = try await client.command("CREATE refused (USE (\(uses)))")
                #expect(reply.isNO && reply.code == "USEATTR", "\(uses)")
            }
            #expect(names(try await client.command("LIST \"\" refused")).isEmpty)
            #expect(try await client.command("DELETE Sent").isOK)
            #expect(try await client.command("CREATE \"Sent Items\" (USE (\\Sent))").isOK)
        }
    }

    @Test("pitfall 15: OLDNAME for IMAP4rev2 only", arguments: ClientMode.allCases)
    func oldName(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.enter(mode)
            let isRev2 = client.enabled.contains("IMAP4REV2")
            let decomposed = isRev2 ? "\"u\u{308}ber\"" : "u&Awg-ber"
            let composed = isRev2 ? "über" : "&APw-ber"
            let created = try await client.command("CREATE \(decomposed)")
            #expect(created.isOK)
            #expect(
                items(created, of: composed)
                    == (isRev2 ? ["OLDNAME": .list([.string(Array("u\u{308}ber".utf8))])] : [:]))
            if isRev2 { #expect(attributes(created, of: composed).contains("\\Subscribed")) }
            let renamed = try await client.command("RENAME \(decomposed) other/place")
            #expect(renamed.isOK)
            #expect(items(renamed, of: "other/place").isEmpty == !isRev2)
            let deleted = try await client.command("DELETE \"other/place\"")
            #expect(deleted.isOK && deleted.data("LIST").isEmpty)
            #expect(try await client.command("CREATE inbox/x/").data("LIST").isEmpty == !isRev2)
        }
    }

    @Test("a mailbox that is renamed or deleted is told of with what it is now")
    func attributesAfterwards() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.enter(.rev2)
            guard client.enabled.contains("IMAP4REV2") else { return }
            try await client.command("CREATE \"a/b\"")
            let renamed = try await client.command("RENAME a x")
            #expect(attributes(renamed, of: "x") == ["\\HasChildren"])
            try await client.command("CREATE \"e\u{301}\"")
            let deleted = try await client.command("DELETE \"e\u{301}\"")
            #expect(attributes(deleted, of: "é") == ["\\NonExistent", "\\HasNoChildren", "\\Subscribed"])
        }
    }
}
