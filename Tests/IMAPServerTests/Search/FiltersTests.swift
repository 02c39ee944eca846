// FILTER: stored searches, in each command that searches, and what may be stored.

import Accounts
import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct FiltersTests {
    /// Eight messages from Bob with the subjects "Number 1" to "Number 8"; 2, 3 and 5 are flagged.
    private func withMailbox(
        _ mode: ClientMode = .rev1, _ test: @Sendable (TestServer, IMAPTestClient) async throws -> Void
    ) async throws {
        try await TestServer.with { server async throws -> Void in
            let uids = try await server.fill(8)
            let info = try await server.alice.view(of: MailboxName("INBOX"))
            let flagged = UIDSet([2, 3, 5].map { uids[$0 - 1] })
            _ = try await server.alice.storeFlags(flagged, in: info.mailboxID, .add(Flags(.flagged)))
            try await test(server, try await server.select(mode: mode))
        }
    }

    /// Stores filters as a client does, each in a literal.
    private func store(_ filters: [String: String], _ client: IMAPTestClient) async throws {
        let values = filters.map { "/private/filters/values/\($0) {\($1.utf8.count)+}\r\n\($1)" }
        let reply = try await client.command("SETMETADATA \"\" (\(values.joined(separator: " ")))")
        guard reply.isOK else { throw TestFailure("SETMETADATA: \(reply.tagged)") }
    }

    @Test("RFC 5466 §3.1: a filter stands for its keys, in every mode", arguments: ClientMode.allCases)
    func everyCommand(mode: ClientMode) async throws {
        try await withMailbox(mode) { _, client async throws -> Void in
            try await store(["on-the-road": "OR SUBJECT \"number 7\" FLAGGED"], client)
            let found = "FILTER on-the-road"
            #expect(try await client.command("UID SEARCH \(found)").found == [2, 3, 5, 7])
            #expect(try await client.command("UID SEARCH UID 3:6 FILTER On-The-Road ALL").found == [3, 5])
            #expect(try await client.command("UID SEARCH NOT \(found)").found == [1, 4, 6, 8])
            #expect(try await client.command("UID SEARCH CHARSET utf-8 OR UID 1 \(found)").found == [1, 2, 3, 5, 7])
            let counted = try await client.command("UID SEARCH RETURN (COUNT MIN) \(found)").esearch
            #expect(counted?.count == 4 && counted?.min == 2)
            #expect(try await client.command("UID SORT (REVERSE SUBJECT) UTF-8 \(found)").sorted == [7, 5, 3, 2])
            let threads = try await client.command("UID THREAD REFS UTF-8 \(found)").data("THREAD")
            #expect(threads.count == 1 && threads[0].values.count == 5)
            let other = try await client.command("ESEARCH IN (mailboxes INBOX) RETURN (ALL) \(found)")
            #expect(other.esearch?.all == "2:3,5,7")
        }
    }

    @Test("several keys in a filter are one key, also behind NOT, OR and FUZZY")
    func oneKey() async throws {
        try await withMailbox { _, client async throws -> Void in
            try await store(["both": "FLAGGED 3:8", "Fine": "NOT FILTER both"], client)
            #expect(try await client.command("SEARCH FILTER both").found == [3, 5])
            #expect(try await client.command("SEARCH NOT FILTER both").found == [1, 2, 4, 6, 7, 8])
            #expect(try await client.command("SEARCH FILTER fine 2:4").found == [2, 4])
            #expect(try await client.command("SEARCH OR FILTER both 1").found == [1, 3, 5])
        }
    }

    @Test("RFC 5466 §3.1: what nobody has is UNDEFINED-FILTER, and `$` is empty after it")
    func undefined() async throws {
        try await withMailbox { server, client async throws -> Void in
            try await store(["a": "FILTER b", "b": "SEEN FILTER Missing"], client)
            for command in ["SEARCH", "SORT (SUBJECT) UTF-8", "THREAD REFS UTF-8"].map({ "\($0) FILTER nothing" }) {
                let reply = try await client.command(command)
                #expect(reply.isNO && reply.code == "UNDEFINED-FILTER nothing", "\(command)")
            }
            let elsewhere = try await client.command("ESEARCH IN (personal) FILTER nothing")
            #expect(elsewhere.isNO && elsewhere.code == "UNDEFINED-FILTER nothing")
            #expect(try await client.command("SEARCH FILTER a").code == "UNDEFINED-FILTER Missing")
            #expect(try await client.command("SEARCH RETURN (SAVE) FLAGGED").isOK)
            #expect(try await client.command("SEARCH RETURN (SAVE) FILTER x").isNO)
            #expect(try await client.command("SEARCH $").found == [])
            try await store(["b": "FLAGGED"], client)
            #expect(try await client.command("SEARCH FILTER a").found == [2, 3, 5])
            #expect(try await client.command("SETMETADATA \"\" (/private/filters/values/B NIL)").isOK)
            #expect(try await client.command("SEARCH FILTER a").code == "UNDEFINED-FILTER b")
        }
    }

    @Test("RFC 5466 §3.1: ten filters within each other are found; one within itself leads nowhere")
    func within() async throws {
        try await withMailbox { _, client async throws -> Void in
            var filters = [
                "f10": "FLAGGED", "self": "OR SEEN FILTER SELF", "two": "FILTER three", "three": "NOT FILTER two",
            ]
            for number in 1..<10 { filters["f\(number)"] = "FILTER f\(number + 1) 1:*" }
            try await store(filters, client)
            #expect(try await client.command("SEARCH FILTER f1").found == [2, 3, 5])
            #expect(try await client.command("SEARCH FILTER self").code == "UNDEFINED-FILTER SELF")
            #expect(try await client.command("SEARCH FILTER two").code == "UNDEFINED-FILTER two")
            // The same one twice, side by side, is no circle.
            #expect(try await client.command("SEARCH FILTER f9 FILTER f10").found == [2, 3, 5])
        }
    }

    @Test("case 60: filters that name others twice, each, end in NO and not in a million keys")
    func doubling() async throws {
        try await withMailbox { _, client async throws -> Void in
            var filters = ["d20": "SEEN"]
            for number in 0..<20 { filters["d\(number)"] = "FILTER d\(number + 1) FILTER d\(number + 1)" }
            try await store(filters, client)
            #expect(try await client.command("SEARCH FILTER d0").code == "LIMIT")
            #expect(try await client.command("SEARCH FILTER d18").found == [])
            let long = String(repeating: "NOT ", count: 45)
            let deep = ["deep3": "SEEN", "deep2": "FILTER deep3", "deep1": "FILTER deep2"]
            try await store(deep.mapValues { long + $0 }, client)
            #expect(try await client.command("SEARCH FILTER deep1").code == "LIMIT")
            #expect(try await client.command("SEARCH FILTER deep2").isOK)
            let needle = "SUBJECT \"" + String(repeating: "x", count: 30_000) + "\""
            try await store(["wide": needle], client)
            let many = Array(repeating: "FILTER wide", count: 50).joined(separator: " ")
            #expect(try await client.command("SEARCH \(many)").code == "LIMIT")
        }
    }

    @Test(
        "RFC 5466 §3.1: FILTER is in UTF-8",
        arguments: ["SEARCH CHARSET iso-8859-1 FILTER x", "SORT (ARRIVAL) koi8-r FILTER x"])
    func charset(command: String) async throws {
        try await withMailbox { _, client async throws -> Void in
            try await store(["x": "SUBJECT \"grün\""], client)
            let reply = try await client.command(command)
            #expect(reply.isBAD && reply.code("BADCHARSET") != nil)
            #expect(try await client.command("SEARCH CHARSET US-ASCII FILTER x").found == [])
        }
    }

    @Test(
        "RFC 5466 §3.2: what is no search, or no filter's name, is not stored",
        arguments: [
            ("/private/filters/values/x", "\"\""), ("/private/filters/values/x", "\"OR SMALLER 5000\""),
            ("/private/filters/values/x", "\"FROM\""), ("/private/filters/values/x", "\"CHARSET UTF-8 SEEN\""),
            ("/private/filters/values/x", "\"SEEN) (DRAFT\""), ("/private/filters/values/x", "\"FILTER a/b\""),
            ("/PRIVATE/Filters/Values/x", "\"nothing\""), ("/private/filters/values/a/b", "\"SEEN\""),
            ("\"/private/filters/values/a b\"", "\"SEEN\""), ("/private/filters/values/a]", "\"SEEN\""),
        ])
    func refused(entry: String, value: String) async throws {
        try await withMailbox { _, client async throws -> Void in
            let reply = try await client.command("SETMETADATA \"\" (/private/comment \"x\" \(entry) \(value))")
            #expect(reply.isNO && reply.code == "CANNOT")
            // All or nothing.
            let comment = try await client.command("GETMETADATA \"\" /private/comment")
            #expect(comment.data("METADATA").first?.values[2].list?.last == IMAPValue.none)
            #expect(try await client.command("SEARCH FILTER x").code == "UNDEFINED-FILTER x")
        }
    }

    @Test("a literal in a filter, and a mailbox's annotation of the same name")
    func values() async throws {
        try await withMailbox { _, client async throws -> Void in
            try await store(["lit": "SUBJECT {8}\r\nNumber 4"], client)
            #expect(try await client.command("SEARCH FILTER lit").found == [4])
            #expect(try await client.command("SETMETADATA INBOX (/private/filters/values/lit \"no search\")").isOK)
            #expect(try await client.command("SEARCH FILTER lit").found == [4])
            // A description is text.
            #expect(
                try await client.command("SETMETADATA \"\" (/private/filters/descriptions/lit \"My fourth\")").isOK)
        }
    }

    @Test("RFC 5466 §1: one's own filter goes before the one for everybody, which clients cannot set")
    func shared() async throws {
        try await withMailbox { server, client async throws -> Void in
            let set = "SETMETADATA \"\" (/shared/filters/values/road \"SEEN\")"
            #expect(try await client.command(set).code == "NOPERM")
            _ = try await server.alice.setAnnotations(
                ["/shared/filters/values/road": Array("FLAGGED".utf8)], of: nil, by: server.aliceID)
            #expect(try await client.command("SEARCH FILTER road").found == [2, 3, 5])
            try await store(["road": "3"], client)
            #expect(try await client.command("SEARCH FILTER road").found == [3])
            #expect(try await client.command("SETMETADATA \"\" (/private/filters/values/road NIL)").isOK)
            #expect(try await client.command("SEARCH FILTER road").found == [2, 3, 5])
        }
    }

    @Test("what a filter's keys mean to the session they mean in a filter too")
    func consequences() async throws {
        try await withMailbox { server, client async throws -> Void in
            try await store(["seq": "2:4", "mod": "MODSEQ 1", "age": "YOUNGER 999999999"], client)
            // MODSEQ makes the client one that knows of mod-sequences (RFC 7162 §3.1).
            let reply = try await client.command("SEARCH FILTER mod")
            #expect(reply.found?.count == 8 && reply.code("HIGHESTMODSEQ") != nil)
            // A search that is kept up to date keeps the keys of its beginning.
            #expect(try await client.command("SEARCH RETURN (UPDATE) FILTER seq").isOK)
            try await store(["seq": "1"], client)
            let other = try await server.select()
            #expect(try await other.command("STORE 2 +FLAGS (\\Deleted)").isOK)
            #expect(try await other.command("EXPUNGE").isOK)
            let news = try await client.command("NOOP")
            #expect(news.esearch?.applied(to: [2, 3, 4]) == [3, 4])
            // UIDONLY takes no sequence numbers, wherever they lie.
            try await server.administration.switchCapabilities(["UIDONLY"], of: "alice@example.org", to: true)
            let only = try await server.select()
            #expect(try await only.command("ENABLE UIDONLY").isOK)
            #expect(try await only.command("UID SEARCH FILTER seq").code == "UIDREQUIRED")
            #expect(try await only.command("UID SEARCH FILTER age").isOK)
            // What is switched off for the account is switched off in filters, and so are filters themselves.
            try await server.administration.switchCapabilities(["WITHIN"], of: "alice@example.org", to: false)
            #expect(try await server.select().command("SEARCH FILTER age").isBAD)
            try await server.administration.switchCapabilities(["FILTERS"], of: "alice@example.org", to: false)
            let without = try await server.select()
            #expect(try await without.command("SEARCH FILTER seq").isBAD)
            #expect(try await without.command("SEARCH UID 1").found == [1])
        }
    }

    @Test("the filters are the user's own, also in the mailboxes of others")
    func whose() async throws {
        try await SharingServer.with("lrs") { sharing async throws -> Void in
            try await sharing.fill(4)
            let (alice, bob) = (try await sharing.selected(), try await sharing.bobClient())
            try await store(["x": "SUBJECT \"Number 2\""], alice)
            try await store(["x": "ALL", "his": "ALL"], bob)
            #expect(try await alice.command("SEARCH FILTER x").found == [2])
            #expect(try await alice.command("SEARCH FILTER his").code == "UNDEFINED-FILTER his")
            #expect(try await bob.command("SELECT Team").isOK)
            #expect(try await bob.command("SEARCH FILTER x").found == [1, 2, 3, 4])
            let found = try await alice.command("ESEARCH IN (mailboxes \(SharingServer.team)) RETURN (ALL) FILTER x")
            #expect(found.esearch?.all == "2")
        }
    }
}
