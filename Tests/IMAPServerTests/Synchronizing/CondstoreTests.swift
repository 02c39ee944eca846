// CONDSTORE (RFC 7162 §3.1): MODSEQ with every change, conditional STORE, CHANGEDSINCE.

import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CondstoreTests {
    /// What makes a session aware, and whether it does so in a selected mailbox.
    @Test(
        "pitfall 27: every command that uses CONDSTORE switches it on, and says HIGHESTMODSEQ",
        arguments: [
            "ENABLE CONDSTORE", "ENABLE QRESYNC", "STATUS Sent (HIGHESTMODSEQ)", "FETCH 1 (MODSEQ)",
            "FETCH 1 FLAGS (CHANGEDSINCE 0)", "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)", "SEARCH MODSEQ 1",
            "UID SEARCH NOT MODSEQ \"/flags/\\\\seen\" all 5", "STORE 1 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)",
            "LIST \"\" Sent RETURN (STATUS (HIGHESTMODSEQ))",
        ])
    func becomingAware(_ command: String) async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await server.select()
            let before = try await client.command("UID STORE 2 +FLAGS (\\Flagged)")
            #expect(before.fetches.map(\.modSeq) == [nil])
            let reply = try await client.command(command)
            #expect(!reply.isBAD && !reply.isNO)
            #expect(reply.untagged.compactMap(\.code).contains { $0.hasPrefix("HIGHESTMODSEQ ") })
            let after = try await client.command("STORE 2 -FLAGS (\\Flagged)")
            #expect(after.fetches.first?.modSeq != nil)
            #expect(after.fetches.first?.uid == 2)
            #expect(after.code("HIGHESTMODSEQ") == nil)
        }
    }

    @Test("pitfall 27: HIGHESTMODSEQ is never 0, also of an empty mailbox")
    func highestIsNeverZero() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            for command in ["SELECT INBOX", "EXAMINE Sent", "SELECT Drafts (CONDSTORE)"] {
                let reply = try await client.command(command)
                #expect(UInt64(reply.code("HIGHESTMODSEQ") ?? "0") ?? 0 > 0)
            }
            let status = try await client.command("STATUS Junk (HIGHESTMODSEQ MESSAGES)")
            let values = try #require(status.data("STATUS").first?.values[2].list)
            #expect(values[0].text == "HIGHESTMODSEQ" && (values[1].number ?? 0) > 0)
        }
    }

    @Test("every change gives the message a greater MODSEQ, and what changes nothing none")
    func growing() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            var last = UInt64(try await client.command("SELECT INBOX (CONDSTORE)").code("HIGHESTMODSEQ") ?? "") ?? 0
            for change in ["+FLAGS (\\Seen)", "-FLAGS (\\Seen)", "FLAGS (kw \\Draft)"] {
                let told = try #require(try await client.command("STORE 1 \(change)").fetches.first?.modSeq)
                #expect(told > last)
                last = told
            }
            let same = try await client.command("STORE 1 +FLAGS (kw)")
            #expect(same.fetches.map(\.modSeq) == [last])
            let silent = try await client.command("STORE 1 +FLAGS.SILENT (kw)")
            #expect(silent.fetches.isEmpty)
            #expect(try await client.command("FETCH 1 MODSEQ").fetches.map(\.modSeq) == [last])
        }
    }

    @Test("pitfall 27: STORE .SILENT tells the MODSEQ, and no flags")
    func silent() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let client = try await server.login()
            try await client.command("SELECT INBOX (CONDSTORE)")
            let reply = try await client.command("STORE 1:2 +FLAGS.SILENT (\\Seen)")
            #expect(reply.fetches.count == 2)
            #expect(reply.fetches.allSatisfy { $0.modSeq != nil && $0.uid != nil && $0.flags == nil })
        }
    }

    @Test("the FETCH that sets \\Seen tells UID, MODSEQ and FLAGS with it")
    func settingSeen() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            let highest = try await client.command("SELECT INBOX (CONDSTORE)").code("HIGHESTMODSEQ")
            let fetch = try #require(try await client.command("FETCH 1 BODY[TEXT]").fetches.first)
            #expect(fetch.flags?.contains("\\Seen") == true)
            #expect(fetch.uid == 1)
            #expect(fetch.modSeq ?? 0 > UInt64(highest ?? "") ?? 0)
            #expect(try await client.command("FETCH 1 BODY[TEXT]").fetches.first?.modSeq == nil)
        }
    }

    // MARK: CHANGEDSINCE

    @Test("CHANGEDSINCE leaves out what has not changed, and adds MODSEQ", arguments: [false, true])
    func changedSince(byUID: Bool) async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let client = try await server.login()
            let since = try #require(try await client.command("SELECT INBOX (CONDSTORE)").code("HIGHESTMODSEQ"))
            try await client.command("STORE 2,4 +FLAGS (\\Flagged)")
            let uid = byUID ? "UID " : ""
            let reply = try await client.command("\(uid)FETCH 1:* (FLAGS) (CHANGEDSINCE \(since))")
            #expect(reply.fetches.map(\.number) == [2, 4])
            #expect(reply.fetches.allSatisfy { $0.modSeq ?? 0 > UInt64(since) ?? 0 && $0.flags != nil })
            let none = try await client.command("\(uid)FETCH 1:* FLAGS (CHANGEDSINCE 9223372036854775807)")
            #expect(none.isOK && none.fetches.isEmpty)
            let all = try await client.command("\(uid)FETCH 1:* FLAGS (CHANGEDSINCE 0)")
            #expect(all.fetches.count == 5)
        }
    }

    // MARK: UNCHANGEDSINCE

    @Test("RFC 7162 §3.1.3: messages that changed are left alone and named in MODIFIED", arguments: [false, true])
    func unchangedSince(byUID: Bool) async throws {
        try await TestServer.with { server in
            try await server.fill(4)
            try await server.temporary.store.account(server.aliceID).storeFlagsOfFirst()
            let client = try await server.login()
            let since = try #require(try await client.command("SELECT INBOX (CONDSTORE)").code("HIGHESTMODSEQ"))
            let other = try await server.select()
            try await other.command("UID STORE 3 +FLAGS (\\Seen)")
            let uid = byUID ? "UID " : ""
            let reply = try await client.command(
                "\(uid)STORE 2:4 (UNCHANGEDSINCE \(since)) FLAGS.SILENT (\\Deleted)")
            #expect(reply.isOK)
            #expect(reply.code == "MODIFIED 3")
            let told = Dictionary(uniqueKeysWithValues: reply.fetches.map { ($0.number ?? 0, $0) })
            #expect(told[3]?.flags?.contains("\\Seen") == true, "what failed is told, with the flags that it has")
            #expect(told[2]?.modSeq ?? 0 > UInt64(since) ?? 0 && told[2]?.flags == nil)
            #expect(told[4]?.modSeq ?? 0 > UInt64(since) ?? 0)
            let flags = try await client.command("FETCH 2:4 FLAGS").fetches.map { $0.flags ?? [] }
            #expect(flags.map { $0.contains("\\Deleted") } == [true, false, true])
        }
    }

    @Test("RFC 7162 §3.1.12: a flag may be set beside another that somebody else has changed")
    func nobodyElsesFlag() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            let since = try #require(try await client.command("SELECT INBOX (CONDSTORE)").code("HIGHESTMODSEQ"))
            let other = try await server.select()
            try await other.command("STORE 1 +FLAGS (\\Seen)")
            let reply = try await client.command("STORE 1 (UNCHANGEDSINCE \(since)) +FLAGS.SILENT (processed)")
            #expect(reply.isOK && reply.code == nil)
            #expect(reply.fetches.first?.flags?.isSuperset(of: ["\\Seen", "processed"]) == true)
            // The same flag, changed meanwhile: refused.
            let now = try #require(reply.fetches.first?.modSeq)
            try await other.command("STORE 1 -FLAGS (processed)")
            let again = try await client.command("STORE 1 (UNCHANGEDSINCE \(now)) +FLAGS.SILENT (processed)")
            #expect(again.code == "MODIFIED 1")
        }
    }

    @Test("UNCHANGEDSINCE 0 always fails; what passes without a change tells its MODSEQ")
    func zeroAndNothing() async throws {
        try await TestServer.with { server in
            try await server.fill(2, flags: Flags(.seen))
            let client = try await server.select()
            #expect(try await client.command("STORE 1:2 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)").code == "MODIFIED 1:2")
            let reply = try await client.command("STORE 1 (UNCHANGEDSINCE 9223372036854775807) +FLAGS.SILENT (\\Seen)")
            #expect(reply.code == nil)
            #expect(reply.fetches.count == 1 && reply.fetches[0].modSeq != nil)
        }
    }

    // MARK: Three sessions

    @Test("an aware session hears of changes with UID and MODSEQ, another without", arguments: ClientMode.allCases)
    func threeSessions(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let aware = try await server.login(mode)
            try await aware.command("SELECT INBOX (CONDSTORE)")
            let unaware = try await server.select()
            let actor = try await server.select(mode: mode)
            try await actor.command("STORE 2 +FLAGS.SILENT (\\Flagged)")
            let told = try await aware.command("NOOP").fetches
            #expect(told.count == 1 && told[0].number == 2)
            #expect(told.first?.uid == 2 && told.first?.modSeq != nil)
            #expect(told.first?.flags?.contains("\\Flagged") == true)
            let plain = try await unaware.command("NOOP").fetches
            #expect(plain.count == 1 && plain[0].number == 2 && plain[0].uid == nil && plain[0].modSeq == nil)
            try await actor.command("UID STORE 1,3 +FLAGS (\\Deleted)")
            try await actor.command("UID EXPUNGE 1")
            let uids: [UInt64] = [1, 2, 3]
            #expect(aware.gone(try await aware.command("NOOP"), of: uids) == [1])
            #expect(unaware.gone(try await unaware.command("NOOP"), of: uids) == [1])
        }
    }

    @Test("RFC 7162 §3.1.6: SEARCH MODSEQ gives the highest MODSEQ of what it found")
    func searching() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let told = try #require(try await client.command("STORE 2 +FLAGS (\\Seen)").fetches.first)
            #expect(told.modSeq == nil)
            let modSeq = try #require(try await client.command("FETCH 2 MODSEQ").fetches.first?.modSeq)
            let reply = try await client.command("SEARCH MODSEQ \(modSeq)")
            #expect(reply.data("SEARCH").first?.values.dropFirst().map(\.description) == ["2", "(MODSEQ \(modSeq))"])
            #expect(try await client.command("SEARCH MODSEQ \(modSeq + 1)").found == [])
            #expect(try await client.command("SEARCH MODSEQ \"/flags/\\\\draft\" all 1").found == [1, 2, 3])
        }
    }
}

extension AccountStore {
    /// A change before the test's client comes, so that MODSEQs differ.
    fileprivate func storeFlagsOfFirst() async throws {
        let view = try await view(of: .inbox)
        _ = try await storeFlags(UIDSet([1...1]), in: view.mailboxID, .add(Flags(.flagged)))
    }
}
