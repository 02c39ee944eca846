// A right that is taken away while it is in use: between any two commands, within one, and while the server speaks.

import Mail
import MailCrypto
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct RightsInUseTests {
    private static let team = SharingServer.team
    private static let url = "/Other%20Users/bob@example.org/Team/;UID"
    private static let child = "\"Other Users/bob@example.org/Team/new\""
    private static let all = "lrswipkxtea"

    /// What Alice uses of Team, in this order; from EXAMINE on it is selected.
    private static let lines = [
        "STATUS \(team) (MESSAGES UIDNEXT)", "LIST \"\" \(team)", "SUBSCRIBE \(team)", "LSUB \"\" \(team)",
        "LIST (SUBSCRIBED) \"\" \(team) RETURN (STATUS (MESSAGES) MYRIGHTS)", "MYRIGHTS \(team)", "GETACL \(team)",
        "SETMETADATA \(team) (/private/comment \"x\")", "GETMETADATA \(team) (/private/comment /shared/comment)",
        "ESEARCH IN (mailboxes \(team)) RETURN (COUNT) ALL", "APPEND \(team) {6+}\r\na: b\r\n",
        "APPEND \(team) CATENATE (URL \"\(url)=1/;SECTION=TEXT\")", "GETQUOTAROOT \(team)",
        "NOTIFY SET STATUS (mailboxes \(team) (MessageNew MessageExpunge))", "NOTIFY NONE", "EXAMINE \(team)",
        "FETCH 1:* (FLAGS)", "UID FETCH 1 BODY.PEEK[]", "SEARCH RETURN (SAVE) ALL", "UID SEARCH $", "NOOP", "UNSELECT",
        "CREATE \(child)", "SELECT \(team)", "STORE 1 +FLAGS (\\Flagged \\Deleted)",
        "COPY 1 \(team)", "UID EXPUNGE 1", "CLOSE",
    ]

    @Test("case 140: taken between any two commands: from then on it is as for somebody who never had it")
    func betweenCommands() async throws {
        try await SharingServer.with(Self.all) { sharing in
            let hash = try PasswordHash.make(password: Array("secret".utf8), parameters: TestServer.cheap)
            _ = try await sharing.server.temporary.account("carl@example.org", passwordHash: hash)
            for place in Self.lines.indices {
                try await sharing.allow(Self.all)
                try await sharing.fill(2)
                let client = try await sharing.alice()
                for line in Self.lines[..<place] {
                    let reply = try await client.command(line)
                    #expect(reply.isOK, "\(line): \(reply.tagged)")
                }
                try await sharing.allow("")
                let before = try #require(try await sharing.bob.mailbox(try MailboxName("Team")))
                if !Self.isSelected(Self.lines[..<place]) {
                    let stranger = try await sharing.server.connect()
                    try await stranger.login("carl@example.org")
                    try await compare(client, stranger, from: place)
                    await stranger.close()
                    await client.close()
                } else {
                    try await client.send("X \(Self.lines[place])\r\n")
                    let told = try await client.untilClosed()
                    #expect(told.last?.condition == "BYE" && told.allSatisfy { $0.name != "FETCH" }, "\(told)")
                }
                let after = try await sharing.bob.mailbox(try MailboxName("Team"))
                #expect(after?.messages == before.messages && after?.modSeq == before.modSeq, "\(Self.lines[place])")
                // What was made with the right is nobody's whom it was not given to.
                let child = try MailboxName("Team/new")
                if try await sharing.bob.mailbox(child) != nil { try await sharing.bob.deleteMailbox(child) }
            }
        }
    }

    private static func isSelected(_ lines: ArraySlice<String>) -> Bool {
        let verbs = lines.compactMap { $0.split(separator: " ").first }
        let opened = verbs.lastIndex { ["SELECT", "EXAMINE"].contains($0) }
        let left = verbs.lastIndex { ["UNSELECT", "CLOSE"].contains($0) }
        return (opened ?? -1) > (left ?? -1)
    }

    /// Both say the rest of the lines and hear the same, byte for byte.
    private func compare(_ client: IMAPTestClient, _ stranger: IMAPTestClient, from place: Int) async throws {
        // What was subscribed to stays so.
        for one in [client, stranger] { try await one.command("SUBSCRIBE \(Self.team)") }
        // What is left to be told of the mailbox that goes is told now.
        try await client.command("NOTIFY NONE")
        for (index, line) in Self.lines[place...].enumerated() {
            var heard: [[UInt8]] = []
            for one in [client, stranger] {
                one.heard = []
                try await one.send("L\(index) \(line)\r\n")
                _ = try await one.reply(to: "L\(index)")
                heard.append(one.heard ?? [])
            }
            let told = heard.map { String(decoding: $0, as: UTF8.self) }
            #expect(told[0] == told[1], "after \(place) commands")
        }
    }

    // MARK: One right at a time

    @Test(
        "case 140: one right of many, taken in the midst: the next command that needs it is refused, the others go on",
        arguments: [
            ("s", "STORE 1 -FLAGS (\\Seen)"), ("w", "STORE 1 +FLAGS (\\Flagged)"), ("w", "STORE 1 +FLAGS (kw)"),
            ("t", "STORE 1 +FLAGS (\\Deleted)"), ("e", "EXPUNGE"), ("e", "UID EXPUNGE 9"), ("e", "MOVE 1 Sent"),
            ("t", "UID MOVE 1 Sent"), ("i", "APPEND TEAM {6+}\r\na: b\r\n"), ("i", "COPY 1 TEAM"),
            ("i", "APPEND TEAM CATENATE (TEXT {6+}\r\na: b\r\n)"), ("i", "REPLACE 1 TEAM {6+}\r\na: b\r\n"),
            ("k", "CREATE TEAM/new"), ("x", "DELETE TEAM"), ("x", "RENAME TEAM TEAM2"), ("a", "GETACL TEAM"),
            ("a", "SETACL TEAM anyone lr"), ("a", "DELETEACL TEAM anyone"), ("a", "LISTRIGHTS TEAM anyone"),
        ])
    func oneRight(letter: String, line: String) async throws {
        try await SharingServer.with(Self.all) { sharing in
            try await sharing.fill(2)
            let client = try await sharing.selected()
            #expect(try await client.command("STORE 1 +FLAGS (\\Seen)").isOK)
            let team = try MailboxName("Team")
            try await sharing.allow(Self.all.replacing(letter, with: ""))
            let before = try await sharing.bob.mailbox(team)
            let text = line.replacing("TEAM2", with: "\(Self.team.dropLast())2\"")
                .replacing("TEAM/new", with: Self.child).replacing("TEAM", with: Self.team)
            let reply = try await client.command(text)
            #expect(reply.isNO && reply.code == "NOPERM", "\(reply.tagged)")
            let after = try await sharing.bob.mailbox(team)
            #expect(after?.messages == before?.messages && after?.modSeq == before?.modSeq)
            #expect(try await client.command("FETCH 1:* UID").fetches.count == 2)
            #expect(try await sharing.bob.mailboxes().count == 8)
        }
    }

    // MARK: Within a command

    @Test(
        "case 140: taken while a message is on its way: it is not stored",
        arguments: [
            ("APPEND TEAM {6}", "a: b\r\n\r\n"), ("APPEND TEAM CATENATE (TEXT {6}", "a: b\r\n)\r\n"),
            ("APPEND TEAM {6+}\r\na: b\r\n {6}", "c: d\r\n\r\n"), ("REPLACE 1 TEAM {6}", "a: b\r\n\r\n"),
            ("APPEND TEAM CATENATE (URL \"URL=1\" TEXT {6}", "a: b\r\n URL \"URL=2\")\r\n"),
        ], ["", "l", "lr"])
    func messageOnItsWay(command: (String, String), rights: String) async throws {
        try await SharingServer.with(Self.all) { sharing in
            try await sharing.fill(2)
            try await sharing.server.fill(1)
            let client = try await sharing.server.select()
            let (begin, end) = (Self.filled(command.0), Self.filled(command.1))
            try await client.send("X \(begin)\r\n")
            let first = try await client.response()
            #expect(first.tag == "+", "\(first)")
            try await sharing.allow(rights)
            try await client.send(end)
            let reply = try await client.reply(to: "X")
            let code = rights.isEmpty ? "TRYCREATE" : "NOPERM"
            let isBadURL = end.contains("URL") && !rights.contains("r")
            #expect(reply.isNO, "\(reply.tagged)")
            #expect(isBadURL ? reply.code?.hasPrefix("BADURL ") == true : reply.code == code, "\(reply.tagged)")
            #expect(try await sharing.bob.mailbox(try MailboxName("Team"))?.messages == 2)
            #expect(try await sharing.server.alice.mailbox(.inbox)?.messages == 1)
        }
    }

    @Test("case 140: taken between two URLs of one message: the second is as one that names nothing")
    func secondURL() async throws {
        for rights in ["", "l"] {
            try await SharingServer.with(Self.all) { sharing in
                try await sharing.fill(2)
                let client = try await sharing.server.select()
                try await client.send("X \(Self.filled("APPEND INBOX CATENATE (URL \"URL=1\" TEXT {2}"))\r\n")
                #expect(try await client.response().tag == "+")
                try await sharing.allow(rights)
                try await client.send(Self.filled("ab URL \"URL=2\")\r\n"))
                let reply = try await client.reply(to: "X")
                #expect(reply.code == "BADURL \(Self.url)=2", "\(reply.tagged)")
                #expect(try await sharing.server.alice.mailbox(.inbox)?.messages == 0)
            }
        }
    }

    private static func filled(_ line: String) -> String {
        line.replacing("URL=", with: "\(url)=").replacing("TEAM", with: team)
    }

    // MARK: While the server speaks of its own accord

    @Test(
        "case 140: taken while the client waits: BYE, and nothing of what comes afterwards",
        arguments: ["NOOP", "SEARCH RETURN (UPDATE ALL) ALL", "SORT RETURN (UPDATE) (DATE) UTF-8 ALL"],
        ["", "l", "r"])
    func waiting(command: String, rights: String) async throws {
        try await SharingServer.with("lrs") { sharing in
            try await sharing.fill(1)
            let client = try await sharing.selected()
            #expect(try await client.command(command).isOK)
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await sharing.allow(rights)
            try await sharing.fill(3)
            let told = try await client.untilClosed()
            #expect(told.map(\.condition) == ["BYE"] && told.first?.code == "NONEXISTENT", "\(told)")
        }
    }

    @Test("case 140: taken under NOTIFY and ENABLE METADATA: the mailbox goes, and then there is silence")
    func notifying() async throws {
        try await SharingServer.with("lr") { sharing in
            try await sharing.fill(1)
            let (client, other) = (try await sharing.alice(), try await sharing.alice())
            let events = "MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange"
            #expect(try await client.notify("SET (mailboxes \(Self.team) (\(events)))").isOK)
            #expect(try await other.command("ENABLE METADATA").isOK)
            try await sharing.allow("")
            let gone = try await client.response()
            #expect(gone.listed?.contains("\\NonExistent") == true, "\(gone)")
            try await sharing.fill(1)
            let owner = try await sharing.bobClient()
            for line in [
                "SELECT Team", "STORE 1 +FLAGS (\\Seen)", "SETMETADATA Team (/shared/comment \"x\")", "CLOSE",
                "RENAME Team Crew", "RENAME Crew Team",
            ] { #expect(try await owner.command(line).isOK) }
            try await client.expectSilence()
            try await other.expectSilence()
        }
    }
}
