// ESEARCH: which mailboxes, which replies, what is refused.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct MultisearchTests {
    /// `n` is found in work, work/a and work/a/b; in INBOX too, and in lone.
    private func withMailboxes(
        _ mode: ClientMode = .rev1, _ test: @Sendable (TestServer, IMAPTestClient) async throws -> Void
    ) async throws {
        try await TestServer.with { server async throws -> Void in
            let client = try await server.login(mode)
            for name in ["work", "work/a", "work/a/b", "lone", "empty"] { try await client.command("CREATE \(name)") }
            for (name, count) in [("INBOX", 2), ("work", 1), ("work/a", 3), ("work/a/b", 2), ("lone", 1)] {
                try await server.fill(count, to: name)
            }
            try await client.command("UNSUBSCRIBE lone")
            try await test(server, client)
        }
    }

    @Test(
        arguments: [
            ("(mailboxes \"work\")", ["work"]), ("(mailboxes (INBOX lone nowhere))", ["INBOX", "lone"]),
            ("(subtree work)", ["work", "work/a", "work/a/b"]), ("(subtree-one work)", ["work", "work/a"]),
            ("(subtree (work/a lone))", ["work/a", "work/a/b", "lone"]),
            ("(inboxes)", ["INBOX", "lone", "work", "work/a", "work/a/b"]),
            ("(personal)", ["INBOX", "lone", "work", "work/a", "work/a/b"]),
            ("(subscribed)", ["INBOX", "work", "work/a", "work/a/b"]),
            ("(mailboxes work subtree work)", ["work", "work/a", "work/a/b"]), ("(mailboxes empty)", []),
            ("(mailboxes nowhere)", []),
        ] as [(String, [String])])
    func sources(sources: String, expected: [String]) async throws {
        try await withMailboxes { _, client async throws -> Void in
            let reply = try await client.command("ESEARCH IN \(sources) SUBJECT number")
            #expect(reply.isOK)
            #expect(
                Set(reply.esearches.compactMap(\.mailbox)) == Set(expected) && reply.esearches.count == expected.count)
            for found in reply.esearches {
                #expect(found.tag == reply.tagged.tag && found.isUID && found.uidValidity != nil && found.all != nil)
            }
        }
    }

    @Test("each reply has its own mailbox, UIDVALIDITY and results", arguments: ClientMode.allCases)
    func results(mode: ClientMode) async throws {
        try await withMailboxes(mode) { server, client async throws -> Void in
            let reply = try await client.command("ESEARCH IN (subtree work) RETURN (COUNT MAX PARTIAL 2:9) NOT 1")
            #expect(reply.esearches.map(\.mailbox) == ["work/a", "work/a/b"])
            #expect(reply.esearches.map(\.count) == [2, 1] && reply.esearches.map(\.max) == [3, 2])
            #expect(reply.esearches.map(\.partial) == ["2:9 3", "2:9 NIL"])
            for found in reply.esearches {
                let name = try MailboxName(try #require(found.mailbox))
                let info = try await server.alice.mailbox(name)
                #expect(found.uidValidity == info.map { UInt64($0.uidValidity.rawValue) })
            }
            // No mailbox is selected by it.
            #expect(try await client.command("CHECK").isBAD)
        }
    }

    @Test func selected() async throws {
        try await withMailboxes { _, client async throws -> Void in
            #expect(try await client.command("ESEARCH ALL").isBAD)
            #expect(try await client.command("ESEARCH IN (selected) ALL").isBAD)
            #expect(try await client.command("ESEARCH IN (mailboxes work) RETURN (UPDATE) ALL").isBAD)
            try await client.command("SELECT work/a")
            let reply = try await client.command("ESEARCH RETURN (SAVE ALL) SUBJECT 2")
            #expect(reply.esearch?.mailbox == "work/a" && reply.esearch?.found == [2])
            #expect(try await client.command("FETCH $ UID").fetches.map(\.uid) == [2])
            #expect(try await client.command("ESEARCH IN (selected) RETURN (SAVE) 1").esearches.isEmpty)
            #expect(try await client.command("SEARCH $").found == [1])
            #expect(try await client.command("ESEARCH IN (selected mailboxes work) RETURN (SAVE) 1").isBAD)
            #expect(try await client.command("ESEARCH IN (mailboxes work/a) RETURN (SAVE) 1").isBAD)
            // $ is of the selected mailbox.
            #expect(try await client.command("ESEARCH IN (subtree work) $").esearches.map(\.mailbox) == ["work/a"])
            #expect(try await client.command("ESEARCH SUBJECT nothing").esearches.isEmpty)
            let update = try await client.command("ESEARCH IN (personal) RETURN (UPDATE COUNT) FLAGGED")
            #expect(update.isOK && update.esearches.isEmpty)
            let told = try await client.command("UID STORE 3 +FLAGS (\\Flagged)").esearch
            #expect(told?.tag == update.tagged.tag && told?.applied(to: []) == [3])
        }
    }

    @Test(arguments: [
        "ESEARCH", "ESEARCH IN ALL", "ESEARCH IN () ALL", "ESEARCH IN (selected-delayed) ALL", "ESEARCH IN (all) ALL",
        "ESEARCH IN (mailboxes) ALL", "ESEARCH IN (mailboxes ()) ALL", "ESEARCH IN (personal (x y)) ALL",
        "ESEARCH RETURN (ALL) IN (personal) ALL", "ESEARCH IN (personal)",
    ])
    func refused(line: String) async throws {
        try await withMailboxes { _, client async throws -> Void in
            #expect(try await client.command(line).isBAD)
            #expect(
                try await client.command("ESEARCH IN (personal) CHARSET X-NO TEXT x").code?.hasPrefix("BADCHARSET")
                    == true)
        }
    }

    @Test("names are told as the session reads them")
    func names() async throws {
        try await withMailboxes { server, client async throws -> Void in
            try await client.command("CREATE \"Entw&APw-rfe\"")
            try await server.fill(1, to: "Entwürfe")
            let reply = try await client.command("ESEARCH IN (mailboxes \"Entw&APw-rfe\") ALL")
            #expect(reply.esearch?.mailbox == "Entw&APw-rfe")
        }
    }
}
