// ESEARCH's replies, `$`, and the keys of WITHIN: in each mode of a session.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ESearchTests {
    /// Twelve messages; 2, 3, 4, 7 and 11 are flagged. UIDs are 1 and more above the numbers: the first is gone.
    private func withMailbox(
        _ mode: ClientMode = .rev1, _ test: @Sendable (TestServer, IMAPTestClient) async throws -> Void
    ) async throws {
        try await TestServer.with { server async throws -> Void in
            let uids = try await server.fill(13)
            let info = try await server.alice.view(of: MailboxName("INBOX"))
            _ = try await server.alice.storeFlags(UIDSet([1...1]), in: info.mailboxID, .add(Flags(.deleted)))
            _ = try await server.alice.expunge(in: info.mailboxID, only: nil)
            let flagged = UIDSet([2, 3, 4, 7, 11].map { uids[$0] })
            _ = try await server.alice.storeFlags(flagged, in: info.mailboxID, .add(Flags(.flagged)))
            try await test(server, try await server.select(mode: mode))
        }
    }

    @Test(
        arguments: [
            ("()", "ALL 2:4,7,11"), ("(ALL)", "ALL 2:4,7,11"), ("(MIN)", "MIN 2"), ("(MAX)", "MAX 11"),
            ("(COUNT)", "COUNT 5"), ("(MIN MAX)", "MIN 2 MAX 11"), ("(COUNT MIN)", "MIN 2 COUNT 5"),
            ("(PARTIAL 1:2)", "PARTIAL (1:2 2:3)"), ("(PARTIAL -1:-2)", "PARTIAL (-1:-2 7,11)"),
            ("(PARTIAL -4:-3 COUNT)", "COUNT 5 PARTIAL (-4:-3 3:4)"), ("(PARTIAL 4:9)", "PARTIAL (4:9 7,11)"),
            ("(PARTIAL 6:9)", "PARTIAL (6:9 NIL)"), ("(PARTIAL -6:-9)", "PARTIAL (-6:-9 NIL)"),
        ])
    func results(options: String, expected: String) async throws {
        try await withMailbox { _, client async throws -> Void in
            let reply = try await client.command("SEARCH RETURN \(options) FLAGGED")
            #expect(reply.isOK && reply.data("SEARCH").isEmpty)
            let response = try #require(reply.data("ESEARCH").first)
            #expect(response.values.dropFirst(2).map(\.description).joined(separator: " ") == expected)
            #expect(reply.esearch?.tag == reply.tagged.tag && reply.esearch?.isUID == false)
            let withText = try await client.command("SEARCH RETURN \(options) FLAGGED BODY body")
            #expect(withText.data("ESEARCH").first?.values.dropFirst(2) == response.values.dropFirst(2))
        }
    }

    @Test("a SEARCH without RETURN finds the same in every mode", arguments: ClientMode.allCases)
    func modes(mode: ClientMode) async throws {
        try await withMailbox(mode) { _, client async throws -> Void in
            #expect(try await client.command("SEARCH FLAGGED").found == [2, 3, 4, 7, 11])
            #expect(try await client.command("UID SEARCH FLAGGED").found == [3, 4, 5, 8, 12])
            #expect(try await client.command("SEARCH DELETED").found == [])
            #expect(try await client.command("SEARCH RETURN (SAVE) FLAGGED").data("ESEARCH").isEmpty)
        }
    }

    @Test func inUIDs() async throws {
        try await withMailbox { _, client async throws -> Void in
            let reply = try await client.command("UID SEARCH RETURN (MIN MAX ALL COUNT) FLAGGED").esearch
            #expect(reply?.isUID == true && reply?.min == 3 && reply?.max == 12 && reply?.count == 5)
            #expect(reply?.all == "3:5,8,12")
        }
    }

    @Test("RFC 4731 §3.1: of nothing only COUNT is told, and ESEARCH is sent all the same")
    func nothing() async throws {
        try await withMailbox { _, client async throws -> Void in
            let reply = try await client.command("SEARCH RETURN (MIN MAX ALL COUNT) DELETED").esearch
            #expect(reply?.count == 0 && reply?.min == nil && reply?.max == nil && reply?.all == nil)
            #expect(try await client.command("SEARCH RETURN () DELETED").esearch != nil)
        }
    }

    @Test("RFC 5182: $ in every command that takes a set", arguments: ["SEARCH", "UID SEARCH"])
    func savedResult(search: String) async throws {
        try await withMailbox { _, client async throws -> Void in
            let saving = try await client.command("\(search) RETURN (SAVE) FLAGGED")
            #expect(saving.isOK && saving.data("ESEARCH").isEmpty && saving.data("SEARCH").isEmpty)
            #expect(try await client.command("FETCH $ UID").fetches.map(\.uid) == [3, 4, 5, 8, 12])
            #expect(try await client.command("UID FETCH $ FLAGS").fetches.map(\.number) == [2, 3, 4, 7, 11])
            #expect(try await client.command("SEARCH $").found == [2, 3, 4, 7, 11])
            #expect(try await client.command("UID SEARCH UID $").found == [3, 4, 5, 8, 12])
            #expect(try await client.command("SEARCH OR $ 1 NOT 7").found == [1, 2, 3, 4, 11])
            #expect(try await client.command("STORE $ +FLAGS (\\Seen)").fetches.count == 5)
            #expect(try await client.command("SEARCH SEEN").found == [2, 3, 4, 7, 11])
            #expect(try await client.command("COPY $ Sent").code?.hasPrefix("COPYUID") == true)
            #expect(try await client.command("SEARCH RETURN (SAVE) 7").isOK)
            #expect(try await client.command("MOVE $ Trash").isOK)
            #expect(try await client.command("SEARCH $").found == [])
        }
    }

    @Test("RFC 5182 §2.1: what is expunged leaves $, by UID EXPUNGE $ too")
    func expunged() async throws {
        try await withMailbox { server, client async throws -> Void in
            try await client.command("SEARCH RETURN (SAVE) FLAGGED")
            try await client.command("STORE 1:5 +FLAGS.SILENT (\\Deleted)")
            let reply = try await client.command("UID EXPUNGE $")
            #expect(reply.expunged.count == 3)
            #expect(try await client.command("SEARCH $").found == [4, 8])
            #expect(try await client.command("SEARCH DELETED").found == [1, 2])
            #expect(try await client.command("SELECT INBOX").isOK)
            #expect(try await client.command("SEARCH $").found == [])
            #expect(try await client.command("FETCH $ FLAGS").isOK)
            #expect(try await client.command("COPY $ Sent").isOK)
            #expect(try await client.command("UID EXPUNGE $").isOK)
            #expect(try await client.command("SEARCH DELETED").found == [1, 2])
        }
    }

    @Test("RFC 5182 §2.1: NO empties $, BAD and searches without SAVE leave it")
    func failures() async throws {
        try await withMailbox { _, client async throws -> Void in
            try await client.command("SEARCH RETURN (SAVE) FLAGGED")
            #expect(try await client.command("SEARCH RETURN (SAVE) FOO").isBAD)
            #expect(try await client.command("SEARCH RETURN (ALL) 1").isOK)
            #expect(try await client.command("SEARCH CHARSET X-NO TEXT x").isNO)
            #expect(try await client.command("SEARCH $").found == [2, 3, 4, 7, 11])
            #expect(try await client.command("SEARCH RETURN (SAVE) CHARSET X-NO TEXT x").isNO)
            #expect(try await client.command("SEARCH $").found == [])
        }
    }

    @Test("RFC 5182 §2.4, RFC 9394 §3.2: what SAVE keeps beside MIN, MAX and PARTIAL")
    func savedPart() async throws {
        try await withMailbox { _, client async throws -> Void in
            for (options, expected) in [
                ("SAVE MIN", [2]), ("MAX SAVE MIN", [2, 11]), ("SAVE MIN COUNT", [2, 3, 4, 7, 11]),
                ("SAVE PARTIAL -1:-2", [7, 11]), ("SAVE PARTIAL 2:3 MIN", [2, 3, 4]),
            ] as [(String, [UInt64])] {
                #expect(try await client.command("SEARCH RETURN (\(options)) FLAGGED").esearch != nil)
                #expect(try await client.command("SEARCH $").found == expected, "\(options)")
            }
        }
    }

    @Test("pipelined commands see the $ of those ahead of them")
    func pipelined() async throws {
        try await withMailbox { _, client async throws -> Void in
            try await client.send(
                "a SEARCH RETURN (SAVE) FLAGGED\r\nb COPY $ Junk\r\nc STORE $ +FLAGS.SILENT (\\Draft)\r\n")
            for tag in ["a", "b", "c"] { #expect(try await client.reply(to: tag).isOK) }
            #expect(try await client.command("SEARCH DRAFT").found == [2, 3, 4, 7, 11])
        }
    }

    @Test("RFC 9394 §3.3, §3.4: UID FETCH of some places, before CHANGEDSINCE")
    func partialFetch() async throws {
        try await withMailbox { _, client async throws -> Void in
            func uids(_ text: String) async throws -> [UInt64?] {
                try await client.command("UID FETCH \(text)").fetches.map(\.uid)
            }
            #expect(try await uids("3:100 (UID FLAGS) (PARTIAL -1:-3)") == [11, 12, 13])
            #expect(try await uids("3:100 FLAGS (PARTIAL 2:1)") == [3, 4])
            #expect(try await uids("3,7:* FLAGS (PARTIAL 1:2)") == [3, 7])
            #expect(try await uids("1:* FLAGS (PARTIAL 13:20)") == [])
            try await client.command("SEARCH RETURN (SAVE) FLAGGED")
            #expect(try await uids("$ FLAGS (PARTIAL -1:-1)") == [12])
            // What was flagged changed last; the last message is not.
            let modSeq = try await client.command("FETCH 12 MODSEQ").fetches.first?.items["MODSEQ"]?.list?.first?.number
            let since = try #require(modSeq)
            #expect(try await uids("1:* FLAGS (PARTIAL -1:-3 CHANGEDSINCE \(since))") == [12])
            #expect(try await uids("1:* FLAGS (CHANGEDSINCE \(since) PARTIAL -1:-3)") == [12])
            #expect(try await client.command("FETCH 1:* FLAGS (PARTIAL 1:2)").isBAD)
            #expect(try await client.command("UID FETCH 1:* FLAGS (PARTIAL 1:2 PARTIAL 3:4)").isBAD)
            #expect(try await client.command("UID FETCH 1:* FLAGS (PARTIAL 1:*)").isBAD)
        }
    }

    @Test("RFC 5032: OLDER and YOUNGER to the second")
    func within() async throws {
        try await TestServer.with { server async throws -> Void in
            let client = try await server.select()
            for age in [10, 5_000] {
                let date = MailDate(secondsSince1970: MailDate.now().secondsSince1970 - Int64(age)).imapDateTime
                try await client.append("INBOX", Sample.message(age), arguments: "\"\(date)\"")
            }
            for (key, expected) in [
                ("YOUNGER 3600", [1]), ("OLDER 3600", [2]), ("OLDER 9 YOUNGER 10000", [1, 2]), ("YOUNGER 5", []),
                ("OLDER 4294967295", []), ("YOUNGER 4294967295", [1, 2]), ("NOT OLDER 3600", [1]),
            ] as [(String, [UInt64])] {
                #expect(try await client.command("SEARCH \(key)").found == expected, "\(key)")
            }
        }
    }

    @Test("RFC 8514 §4.3: by the day of saving")
    func saveDates() async throws {
        try await withMailbox { _, client async throws -> Void in
            #expect(try await client.command("SEARCH RETURN (COUNT) SAVEDATESUPPORTED").esearch?.count == 12)
            #expect(try await client.command("SEARCH RETURN (COUNT) SAVEDSINCE 1-Jan-2020").esearch?.count == 12)
            #expect(try await client.command("SEARCH RETURN (COUNT) SAVEDBEFORE 1-Jan-2020").esearch?.count == 0)
            #expect(try await client.command("SEARCH RETURN (COUNT) SAVEDON 1-Jan-2020").esearch?.count == 0)
        }
    }

    @Test("RFC 8474 §5: by EMAILID and THREADID, which copies share")
    func objectIDs() async throws {
        try await withMailbox { _, client async throws -> Void in
            try await client.command("COPY 2 INBOX")
            let items = try await client.command("FETCH 2 (EMAILID THREADID)").fetches.first?.items
            let email = try #require(items?["EMAILID"]?.list?.first?.text)
            #expect(try await client.command("SEARCH EMAILID \(email)").found == [2, 13])
            #expect(try await client.command("SEARCH NOT EMAILID \(email) 2").found == [])
            let thread = try #require(items?["THREADID"]?.list?.first?.text)
            let found = try #require(try await client.command("SEARCH THREADID \(thread)").found)
            #expect(found.contains(2) && found.contains(13))
            #expect(try await client.command("SEARCH EMAILID M1-99999").found == [])
            #expect(try await client.command("SEARCH THREADID nonsense").found == [])
        }
    }

    @Test("a search that takes long says how far it has come")
    func progress() async throws {
        try await TestServer.with {
            $0.progressInterval = .zero
        } _: { server async throws -> Void in
            try await server.fill(20)
            let client = try await server.select()
            let reply = try await client.command("SEARCH BODY nowhere")
            #expect(reply.isOK && reply.found == [])
            let code = try #require(reply.code("INPROGRESS"))
            #expect(code.hasPrefix("(\"\(reply.tagged.tag)\" "))
        }
    }
}
