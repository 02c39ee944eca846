// A shared mailbox in use: by right, in each mode, with the owner's sessions beside, and while the rights change.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SharedMailboxTests {
    @Test(
        "what a selected session may do follows the rights (RFC 4314 §4, §5.2)",
        arguments: MailboxRights.letters.map { String($0.letter) })
    func byRight(letter: String) async throws {
        try await SharingServer.with("lr" + letter) { sharing in
            try await sharing.fill(2, flags: Flags(.deleted))
            let client = try await sharing.alice()
            let opened = try await client.command("SELECT \(SharingServer.team)")
            let isWritable = "swite".contains(letter)
            #expect((opened.tagged.code == "READ-WRITE") == isWritable)
            let permanent = opened.code("PERMANENTFLAGS") ?? ""
            #expect(permanent.contains("\\Seen") == (letter == "s"))
            #expect(permanent.contains("\\Deleted") == (letter == "t"))
            #expect(permanent.contains("\\Flagged") == (letter == "w"))
            #expect(permanent.contains("\\*") == (letter == "w"))
            let cases: [(line: String, rights: String)] = [
                ("STORE 1 +FLAGS (\\Seen)", "s"), ("STORE 1 +FLAGS (\\Deleted)", "t"),
                ("STORE 1 +FLAGS ($Label)", "w"), ("STORE 1 FLAGS (\\Seen \\Deleted \\Flagged)", "swt"),
                ("UID COPY 1 \(SharingServer.team)", "i"), ("APPEND \(SharingServer.team) {4+}\r\n\r\nx\n", "i"),
                ("EXPUNGE", "e"), ("UID MOVE 1 Trash", ""), ("CREATE \"Other Users/bob@example.org/Team/b\"", "k"),
                ("COPY 1 Sent", "lrswipkxtea"), ("FETCH 1 BODY[]", "lrswipkxtea"), ("SEARCH TEXT body", "lrswipkxtea"),
            ]
            for (line, rights) in cases {
                // Nothing is left after the EXPUNGE.
                if letter == "e", ["COPY", "FETCH", "UID MOVE"].contains(where: line.hasPrefix) { continue }
                let reply = try await client.command(line)
                #expect(reply.isOK == rights.contains(letter), "\(line) with \(letter): \(reply.tagged)")
                if !reply.isOK { #expect(reply.tagged.code == "NOPERM", "\(line) with \(letter): \(reply.tagged)") }
            }
            #expect(try await client.command("CLOSE").isOK)
        }
    }

    @Test("FETCH sets \\Seen only with the right to (RFC 4314 §4)", arguments: ["lr", "lrw", "lrs"])
    func seen(rights: String) async throws {
        try await SharingServer.with(rights) { sharing in
            try await sharing.fill(1)
            let client = try await sharing.selected()
            let reply = try await client.command("FETCH 1 BODY[]")
            #expect(reply.isOK && reply.data("FETCH").first?.flags?.contains("\\Seen") ?? false == (rights == "lrs"))
            #expect(try await sharing.bob.mailbox(try MailboxName("Team"))?.unseen == (rights == "lrs" ? 0 : 1))
        }
    }

    @Test("CLOSE without e only closes; with it, it expunges")
    func close() async throws {
        for rights in ["lrt", "lrte"] {
            try await SharingServer.with(rights) { sharing in
                try await sharing.fill(1, flags: Flags(.deleted))
                let client = try await sharing.selected()
                #expect(try await client.command("CLOSE").isOK)
                #expect(try await sharing.bob.mailbox(try MailboxName("Team"))?.messages == (rights == "lrt" ? 1 : 0))
            }
        }
    }

    @Test("owner and guest see each other's changes at once", arguments: ClientMode.allCases)
    func threeSessions(mode: ClientMode) async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(2)
            let guest = try await sharing.selected(mode)
            let (owner, idler) = (try await sharing.bobClient(mode), try await sharing.bobClient(mode))
            for client in [owner, idler] { #expect(try await client.command("SELECT Team").isOK) }
            try await idler.send("I IDLE\r\n")
            while try await idler.response().tag != "+" {}
            #expect(try await guest.command("STORE 1 +FLAGS (\\Flagged)").isOK)
            #expect(try await idler.response().flags?.contains("\\Flagged") == true)
            let told = try await owner.command("NOOP").data("FETCH")
            #expect(told.first?.flags?.contains("\\Flagged") == true)
            #expect(try await guest.append(SharingServer.team, Sample.message(3)).isOK)
            #expect(try await idler.response().name == "EXISTS")
            #expect(try await owner.command("STORE 2 +FLAGS (\\Deleted)").isOK)
            #expect(try await owner.command("EXPUNGE").isOK)
            let noop = try await guest.command("NOOP")
            #expect(guest.gone(noop, of: [1, 2, 3]) == [2])
        }
    }

    @Test("a guest takes no \\Recent away from the owner")
    func recent() async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(2)
            let guest = try await sharing.selected()
            try await guest.command("NOOP")
            let owner = try await sharing.bobClient()
            #expect(try await owner.command("SELECT Team").recent == 2)
        }
    }

    @Test("COPY, MOVE and APPEND go from account to account, with COPYUID", arguments: ClientMode.allCases)
    func between(mode: ClientMode) async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.server.fill(3)
            let client = try await sharing.alice(mode)
            try await client.command("SELECT INBOX")
            let copied = try await client.command("COPY 2:3 \(SharingServer.team)")
            #expect(copied.isOK && copied.tagged.code?.hasSuffix(" 2:3 1:2") == true)
            let moved = try await client.command("UID MOVE 1 \(SharingServer.team)")
            #expect(moved.isOK && moved.code("COPYUID")?.hasSuffix(" 1 3") == true)
            #expect(client.gone(moved, of: [1, 2, 3]) == [1])
            #expect(try await client.command("UID MOVE 99 \(SharingServer.team)").isOK)
            #expect(try await client.command("SELECT \(SharingServer.team)").exists == 3)
            let back = try await client.command("MOVE 1:* INBOX")
            #expect(back.isOK && client.gone(back, of: [1, 2, 3]).count == 3)
            let within = try await client.append(SharingServer.team, Sample.message(9), arguments: "(\\Seen)")
            #expect(within.tagged.code?.hasPrefix("APPENDUID") == true)
            #expect(try await client.command("COPY 1 \(SharingServer.team)").isOK)
            #expect(try await sharing.bob.mailbox(try MailboxName("Team"))?.messages == 2)
            #expect(try await sharing.server.alice.mailbox(.inbox)?.messages == 5)
        }
    }

    @Test("a right that is taken is told within a second: READ-ONLY, PERMANENTFLAGS, and at last BYE")
    func revocation() async throws {
        try await SharingServer.with("lrsw") { sharing in
            try await sharing.fill(1)
            let (idler, busy) = (try await sharing.selected(), try await sharing.selected())
            try await idler.send("I IDLE\r\n")
            #expect(try await idler.response().tag == "+")
            var start = ContinuousClock.now
            var quickest = Duration.soon
            func told() {
                quickest = min(quickest, ContinuousClock.now - start)
                start = ContinuousClock.now
            }
            try await sharing.allow("lrs")
            #expect(try await idler.response().name == "FLAGS")
            told()
            let permanent = try await idler.response().code
            #expect(permanent == "PERMANENTFLAGS (\\Seen)")
            let refused = try await busy.command("STORE 1 +FLAGS (\\Flagged)")
            #expect(refused.isNO && refused.code("PERMANENTFLAGS") == "(\\Seen)")
            start = .now
            try await sharing.allow("lr")
            let codes = [try await idler.response(), try await idler.response(), try await idler.response()]
            #expect(codes.last?.code == "READ-ONLY")
            told()
            try await sharing.allow("lrs")
            let again = [try await idler.response(), try await idler.response(), try await idler.response()]
            #expect(again.last?.code == "READ-WRITE")
            told()
            try await sharing.allow("")
            let bye = try await idler.response()
            #expect(bye.condition == "BYE" && bye.code == "NONEXISTENT")
            told()
            // The best of four: of the others, the machine's other work may have a part.
            #expect(quickest < .seconds(1))
            try await busy.send("F FETCH 1 (FLAGS UID)\r\n")
            let last = try await busy.untilClosed()
            #expect(last.map(\.condition) == ["BYE"])
        }
    }

    @Test("RENAME and DELETE under others' names; a mailbox stays with its owner")
    func managing() async throws {
        try await SharingServer.with("lrkx") { sharing in
            let alice = try await sharing.alice()
            let team = "Other Users/bob@example.org/Team"
            #expect(try await alice.command("CREATE \"\(team)/a/b\"").isOK)
            #expect(try await alice.command("RENAME \"\(team)/a\" \"\(team)/c\"").isOK)
            #expect(try await sharing.bob.mailboxes().map(\.name.text).contains("Team/c/b"))
            #expect(try await alice.command("RENAME \"\(team)/c\" mine").tagged.code == "CANNOT")
            #expect(try await alice.command("RENAME Drafts \"\(team)/mine\"").tagged.code == "CANNOT")
            let up = try await alice.command("RENAME \"\(team)/c\" \"Other Users/bob@example.org/c\"")
            #expect(up.tagged.code == "NOPERM")
            #expect(try await alice.command("DELETE \"\(team)/c\"").tagged.code == "HASCHILDREN")
            #expect(try await alice.command("SELECT \"\(team)/c/b\"").isOK)
            #expect(try await alice.command("DELETE \"\(team)/c/b\"").isOK)
            #expect(try await alice.command("CHECK").isBAD)
            #expect(try await alice.command("CREATE \"Other Users/x\"").tagged.code == "NOPERM")
            #expect(try await alice.command("CREATE \"Other Users\"").tagged.code == "NOPERM")
        }
    }
}
