// METADATA and LIST-METADATA over a connection: values, bounds, what others hear, what renames and deletions do.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct MetadataTests {
    /// The entries and values of a mailbox in a reply.
    private func values(_ reply: IMAPReply, of mailbox: String = "INBOX") -> [String: IMAPValue] {
        var values: [String: IMAPValue] = [:]
        for response in reply.data("METADATA") where response.values[1].text == mailbox {
            let list = response.values[2].list ?? []
            for index in stride(from: 0, to: list.count - 1, by: 2) {
                values[list[index].text ?? ""] = list[index + 1]
            }
        }
        return values
    }
    private func text(_ text: String) -> IMAPValue { .string(Array(text.utf8)) }

    @Test func setAndGet() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let none = try await client.command("GETMETADATA INBOX /private/comment")
            #expect(values(none) == ["/private/comment": .none])
            #expect(
                try await client.command(
                    "SETMETADATA INBOX (/private/comment \"mine\" /SHARED/Comment {4+}\r\na\r\nb)"
                ).isOK)
            let both = try await client.command("GETMETADATA inbox (/Private/Comment /shared/comment /shared/x)")
            #expect(
                values(both) == [
                    "/Private/Comment": text("mine"), "/shared/comment": text("a\r\nb"), "/shared/x": .none,
                ])
            try await client.command("SETMETADATA INBOX (/private/comment NIL)")
            let taken = try await client.command("GETMETADATA INBOX /private/comment")
            #expect(values(taken) == ["/private/comment": .none])
            #expect(try await client.command("GETMETADATA nothing /private/comment").code == "NONEXISTENT")
            #expect(try await client.command("SETMETADATA nothing (/private/comment \"x\")").code == "NONEXISTENT")
            #expect(try await client.command("GETMETADATA INBOX /comment").isBAD)
        }
    }

    @Test func depthAndMaxSize() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let values = "(/private/f \"0\" /private/f/a \"1\" /private/f/a/b \"22\" /private/fa \"x\")"
            #expect(try await client.command("SETMETADATA \"\" \(values)").isOK)
            func keys(_ options: String) async throws -> Set<String> {
                Set(self.values(try await client.command("GETMETADATA \"\" \(options) /private/f"), of: "").keys)
            }
            #expect(try await keys("(DEPTH 0)") == ["/private/f"])
            #expect(try await keys("(DEPTH 1)") == ["/private/f", "/private/f/a"])
            #expect(try await keys("(DEPTH infinity)") == ["/private/f", "/private/f/a", "/private/f/a/b"])
            let small = try await client.command("GETMETADATA \"\" (MAXSIZE 1 DEPTH infinity) /private/f")
            #expect(Set(self.values(small, of: "").keys) == ["/private/f", "/private/f/a"])
            #expect(small.code == "METADATA LONGENTRIES 2")
            let nothing = try await client.command("GETMETADATA \"\" (MAXSIZE 0) /private/f")
            #expect(nothing.isOK && nothing.data("METADATA").isEmpty && nothing.code == "METADATA LONGENTRIES 1")
            #expect(try await client.command("SETMETADATA \"\" (/shared/comment \"x\")").code == "NOPERM")
        }
    }

    @Test("case 38: a value, a number of values and all values together have their bounds; nothing is half done")
    func bounds() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let longest = StoreLimits.annotationSize
            let large = String(repeating: "x", count: longest + 1)
            let refused = try await client.command(
                "SETMETADATA INBOX (/private/a \"a\" /private/b {\(longest + 1)+}\r\n\(large))")
            #expect(refused.isNO && refused.code == "METADATA MAXSIZE \(longest)")
            #expect(values(try await client.command("GETMETADATA INBOX /private/a")) == ["/private/a": .none])
            let most = (0..<100).map { "/private/n\($0) \"\"" }.joined(separator: " ")
            #expect(try await client.command("SETMETADATA INBOX (\(most))").isOK)
            let more = try await client.command("SETMETADATA INBOX (/private/n0 \"new\" /private/one-more \"\")")
            #expect(more.isNO && more.code == "METADATA TOOMANY")
            #expect(values(try await client.command("GETMETADATA INBOX /private/n0")) == ["/private/n0": text("")])
            #expect(try await client.command("SETMETADATA INBOX (/private/n0 NIL /private/one-more \"\")").isOK)
            #expect(try await client.command("SETMETADATA INBOX (/shared/comment \"\")").isOK)
        }
    }

    @Test("annotations follow a mailbox that is renamed, and are not left to a new one of its name")
    func renameAndDelete() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            try await client.command("CREATE a/b")
            try await client.command("SETMETADATA a/b (/private/comment \"here\")")
            try await client.command("RENAME a x")
            let moved = try await client.command("GETMETADATA x/b /private/comment")
            #expect(values(moved, of: "x/b") == ["/private/comment": text("here")])
            try await client.command("DELETE x/b")
            try await client.command("CREATE x/b")
            let anew = try await client.command("GETMETADATA x/b /private/comment")
            #expect(values(anew, of: "x/b") == ["/private/comment": .none])
            try await client.command("SETMETADATA INBOX (/private/comment \"in\")")
            try await client.command("RENAME INBOX old")
            for name in ["INBOX", "old"] {
                let kept = try await client.command("GETMETADATA \(name) /private/comment")
                #expect(values(kept, of: name) == ["/private/comment": text("in")])
            }
        }
    }

    @Test("RFC 7162 §2: mod-sequences are of messages; an annotation changes none")
    func modSequences() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select(mode: .qresync)
            func highest() async throws -> UInt64? {
                try await client.command("STATUS INBOX (HIGHESTMODSEQ)").data("STATUS").first?.values[2].list?[1].number
            }
            let before = try #require(try await highest())
            #expect(try await client.command("SETMETADATA INBOX (/private/comment \"x\")").isOK)
            #expect(try await client.command("SETMETADATA \"\" (/private/comment \"x\")").isOK)
            #expect(try await highest() == before)
            #expect(try await client.command("FETCH 1 FLAGS (CHANGEDSINCE \(before))").fetches.isEmpty)
            let stored = try await client.command("STORE 1 (UNCHANGEDSINCE \(before)) +FLAGS (\\Seen)")
            #expect(stored.isOK && stored.code("MODIFIED") == nil)
            #expect(try #require(try await highest()) > before)
        }
    }

    @Test("a mailbox's special use is its /private/specialuse")
    func specialUse() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let sent = try await client.command("GETMETADATA Sent (DEPTH infinity) /private")
            #expect(values(sent, of: "Sent") == ["/private/specialuse": text("\\Sent")])
            try await client.command("CREATE \"Sent Items\"")
            let set = "SETMETADATA \"Sent Items\" (/private/specialuse \"\\\\Sent\")"
            #expect(try await client.command(set).code == "USEATTR")
            #expect(try await client.command("SETMETADATA Sent (/private/specialuse \"\\\\All\")").code == "USEATTR")
            #expect(try await client.command("SETMETADATA Sent (/private/specialuse NIL)").isOK)
            #expect(try await client.command(set).isOK)
            let list = try await client.command("LIST (SPECIAL-USE) \"\" Sent*")
            #expect(MailboxCommandTests.names(list) == ["Sent Items"])
        }
    }

    @Test func listMetadata() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.command("CREATE a/b")
            try await client.command("UNSUBSCRIBE a")
            try await client.command("SETMETADATA a/b (/shared/vendor/x/color \"red\")")
            let reply = try await client.command("LIST \"\" (a a/%) RETURN (METADATA (/shared/vendor/x/color))")
            #expect(reply.untagged.compactMap(\.name) == ["LIST", "METADATA", "LIST", "METADATA"])
            #expect(values(reply, of: "a") == ["/shared/vendor/x/color": .none])
            #expect(values(reply, of: "a/b") == ["/shared/vendor/x/color": text("red")])
            let parent = try await client.command(
                "LIST (SUBSCRIBED RECURSIVEMATCH) \"\" a RETURN (METADATA (/shared/vendor/x/color))")
            #expect(parent.untagged.compactMap(\.name) == ["LIST"])
        }
    }

    @Test("others hear of a change, by name only, once METADATA is enabled; who made it does not")
    func news() async throws {
        try await TestServer.with { server in
            let (teller, listener, deaf) = (
                try await server.select(), try await server.login(), try await server.select()
            )
            for client in [teller, listener] {
                let enabled = try await client.command("ENABLE METADATA").data("ENABLED").first
                #expect(enabled?.values.last == .atom("METADATA"))
            }
            let set = try await teller.command("SETMETADATA INBOX (/shared/comment \"x\" /private/comment \"y\")")
            #expect(set.isOK && set.data("METADATA").isEmpty)
            #expect(try await teller.command("NOOP").data("METADATA").isEmpty)
            #expect(try await deaf.command("NOOP").data("METADATA").isEmpty)
            let heard = try await listener.command("NOOP").data("METADATA")
            #expect(
                heard.map { $0.values.dropFirst().map(\.text) } == [["INBOX", "/private/comment", "/shared/comment"]])
            #expect(try await listener.command("NOOP").data("METADATA").isEmpty)
            // While it idles, and of what is taken away.
            try await listener.send("I1 IDLE\r\n")
            #expect(try await listener.response().tag == "+")
            #expect(try await deaf.command("SETMETADATA \"\" (/private/comment NIL)").isOK)
            let idle = try await listener.response()
            #expect(idle.name == "METADATA" && idle.values.dropFirst().map(\.text) == ["", "/private/comment"])
            try await listener.send("DONE\r\n")
            #expect(try await listener.reply(to: "I1").isOK)
            #expect(try await teller.command("NOOP").data("METADATA").count == 1)
        }
    }
}
