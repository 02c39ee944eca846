// REPLACE, CATENATE and ESEARCH where mailboxes are another account's.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct SharedCommandsTests {
    private static let path = "/Other%20Users/bob@example.org"

    private func messages(_ sharing: SharingServer) async throws -> [Int?] {
        [
            try await sharing.server.alice.mailbox(.inbox)?.messages,
            try await sharing.bob.mailbox(try MailboxName("Team"))?.messages,
        ]
    }

    // MARK: REPLACE

    @Test(
        "RFC 8508: REPLACE within another's mailbox, and from one account to the other", arguments: ClientMode.allCases)
    func replace(mode: ClientMode) async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(2)
            try await sharing.server.fill(2)
            let client = try await sharing.selected(mode)
            let owner = try await sharing.bobClient(mode)
            #expect(try await owner.command("SELECT Team").exists == 2)
            let within = try await client.command("REPLACE 1 \(SharingServer.team) (\\Flagged) {3+}\r\nnew")
            #expect(within.isOK && within.code("APPENDUID")?.hasSuffix(" 3") == true)
            #expect(client.gone(within, of: [1, 2]) == [1] && within.exists == 2)
            let told = try await owner.command("NOOP")
            #expect(owner.gone(told, of: [1, 2]) == [1] && told.exists != nil)
            // To one's own mailbox: both files.
            let home = try await client.command("UID REPLACE 3 INBOX (\\Seen) {4+}\r\nhome")
            #expect(home.isOK && home.code("APPENDUID")?.hasSuffix(" 3") == true)
            #expect(client.gone(home, of: [2, 3]) == [3])
            #expect(try await messages(sharing) == [3, 1])
            // And from there.
            #expect(try await client.command("SELECT INBOX").exists == 3)
            let away = try await client.command("REPLACE 3 \(SharingServer.team) {4+}\r\naway")
            #expect(away.isOK && client.gone(away, of: [1, 2, 3]) == [3])
            #expect(try await messages(sharing) == [2, 2])
            #expect(try await client.command("SELECT \(SharingServer.team)").exists == 2)
            let body = try await client.command("FETCH 2 BODY.PEEK[]").fetches.first
            #expect(body?.items["BODY[]"]?.text == "away")
            #expect(try await !client.command("REPLACE 9 INBOX {4+}\r\nmore").isOK)
            #expect(try await messages(sharing) == [2, 2])
        }
    }

    @Test(
        "RFC 8508 §4.1: REPLACE needs what STORE \\Deleted, EXPUNGE and APPEND need; without, nothing happens",
        arguments: ["lrswit", "lrswie", "lrswi", "lrswte"])
    func rights(letters: String) async throws {
        try await SharingServer.with(letters) { sharing in
            try await sharing.fill(1)
            try await sharing.server.fill(1)
            let client = try await sharing.selected()
            for end in ["{3+}\r\nnew", "{3}"] {
                let reply = try await client.command("REPLACE 1 \(SharingServer.team) \(end)")
                #expect(reply.isNO && reply.code == "NOPERM")
            }
            let home = try await client.command("REPLACE 1 INBOX {3+}\r\nnew")
            #expect(home.isOK == letters.contains("te"))
            #expect(home.isOK || home.code == "NOPERM")
            #expect(try await messages(sharing) == (home.isOK ? [2, 0] : [1, 1]))
        }
    }

    @Test("a REPLACE that the other account's quota forbids leaves both as they were")
    func quota() async throws {
        try await SharingServer.with("lrswite") { sharing in
            try await sharing.fill(1)
            try await sharing.server.fill(1)
            try await sharing.bob.setQuota(1_000)
            let client = try await sharing.server.select()
            let large = "{2000+}\r\n" + String(repeating: "x", count: 2_000)
            #expect(try await client.command("REPLACE 1 \(SharingServer.team) \(large)").code == "OVERQUOTA")
            #expect(try await client.command("REPLACE 1 \(SharingServer.team) {2000}").code == "OVERQUOTA")
            #expect(try await messages(sharing) == [1, 1])
        }
    }

    // MARK: CATENATE

    @Test("RFC 4469: parts of another's messages that one may read, whole and in pieces")
    func catenate() async throws {
        try await SharingServer.with("lr") { sharing in
            let large = "Subject: large\r\n\r\n" + String(repeating: "0123456789abcdef\r\n", count: 60_000)
            let message = try await sharing.server.temporary.message(large)
            try await sharing.fill(1)
            _ = try await sharing.bob.append([message], to: try MailboxName("Team"))
            let client = try await sharing.server.select()
            let parts = "URL \"\(Self.path)/Team/;UID=1/;SECTION=TEXT\" URL \"\(Self.path)/Team/;UID=2\""
            let reply = try await client.command("APPEND INBOX CATENATE (\(parts) TEXT {3+}\r\nend)")
            #expect(reply.isOK && reply.exists == 1, "\(reply.tagged)")
            let fetch = try await client.command("FETCH 1 BODY.PEEK[]").fetches.first
            #expect(fetch?.items["BODY[]"]?.text == "Body of 1.\r\n" + large + "end")
            // \Seen of the source stays as it was.
            #expect(try await sharing.bob.mailbox(try MailboxName("Team"))?.unseen == 2)
            // Into the other's mailbox, from one's own.
            try await sharing.allow("lri")
            let own = try await client.command("APPEND \(SharingServer.team) CATENATE (URL /INBOX/;UID=1/;PARTIAL=0.4)")
            #expect(own.isOK)
            #expect(try await messages(sharing) == [1, 3])
        }
    }

    @Test("what one may not read is BADURL, as a mailbox that is not there", arguments: ["", "l", "lswite", "r"])
    func hidden(rights: String) async throws {
        try await SharingServer.with(rights) { sharing in
            try await sharing.fill(1)
            _ = try await sharing.bob.append(
                [try await sharing.server.temporary.message(Sample.message(1))], to: try MailboxName("Secret"))
            let client = try await sharing.server.select()
            let bob = "bob@example.org"
            for name in ["\(bob)/Team", "\(bob)/Secret", "\(bob)/None", "nobody/Team", "bob"] {
                for form in ["/;UID=1", "/;UID=1/;SECTION=TEXT", ";UIDVALIDITY=1/;UID=1"] {
                    let url = "/Other%20Users/\(name)\(form)"
                    let reply = try await client.command("APPEND INBOX CATENATE (URL \"\(url)\")")
                    #expect(reply.isNO && reply.code == "BADURL \(url)", "\(reply.tagged)")
                    #expect(reply.tagged.text == "A URL names no message, or no part of one, that you may read.")
                }
            }
            #expect(try await messages(sharing) == [0, 1])
        }
    }

    // MARK: ESEARCH

    @Test("RFC 7377: ESEARCH over one's own mailboxes and those of others", arguments: ClientMode.allCases)
    func multisearch(mode: ClientMode) async throws {
        try await SharingServer.with("lr") { sharing in
            try await sharing.fill(3)
            try await sharing.server.fill(2)
            _ = try await sharing.bob.append(
                [try await sharing.server.temporary.message(Sample.message(2))], to: try MailboxName("Secret"))
            let client = try await sharing.alice(mode)
            let full = "Other Users/bob@example.org/Team"
            let both = try await client.command("ESEARCH IN (mailboxes (INBOX \"\(full)\")) RETURN (ALL) BODY \"of 2\"")
            #expect(both.isOK && both.esearches.map(\.mailbox) == ["INBOX", full])
            #expect(both.esearches.map(\.all) == ["2", "2"])
            let validity = try await sharing.bob.mailbox(try MailboxName("Team"))?.uidValidity
            #expect(both.esearches.last?.uidValidity == validity.map { UInt64($0.rawValue) })
            // Below the namespace lies what may be seen; personal mailboxes are one's own.
            let others = try await client.command("ESEARCH IN (subtree \"Other Users\") RETURN (COUNT) ALL")
            #expect(others.esearches.map(\.mailbox) == [full] && others.esearches.map(\.count) == [3])
            let own = try await client.command("ESEARCH IN (personal) RETURN (COUNT) ALL")
            #expect(own.esearches.map(\.mailbox) == ["INBOX"])
            let none = try await client.command("ESEARCH IN (subscribed) RETURN (COUNT) SUBJECT \"Number 3\"")
            #expect(none.isOK && none.esearches.isEmpty)
            #expect(try await client.command("SUBSCRIBE \"\(full)\"").isOK)
            let now = try await client.command("ESEARCH IN (subscribed) RETURN (COUNT) SUBJECT \"Number 3\"")
            #expect(now.esearches.map(\.mailbox) == [full])
            // What may not be seen is passed over, as what is not there.
            let hidden = "ESEARCH IN (mailboxes (\"Other Users/bob@example.org/Secret\" \"Other Users/x/y\")) ALL"
            let passed = try await client.command(hidden)
            #expect(passed.isOK && passed.esearches.isEmpty)
        }
    }

    @Test("RFC 7377 §2.2: ESEARCH follows the rights")
    func multisearchRights() async throws {
        for (rights, isFound) in [("r", false), ("l", false), ("lr", true), ("", false)] {
            try await SharingServer.with(rights) { sharing in
                try await sharing.fill(1)
                let client = try await sharing.alice()
                let byName = try await client.command("ESEARCH IN (mailboxes \(SharingServer.team)) ALL")
                #expect(byName.isOK && byName.esearches.isEmpty != isFound, "\(rights)")
                let byTree = try await client.command("ESEARCH IN (subtree \"Other Users\") ALL")
                #expect(byTree.isOK && byTree.esearches.isEmpty != isFound, "\(rights)")
            }
        }
    }

    @Test("ESEARCH of the selected mailbox of another: SAVE and `$`, and its changes by others")
    func multisearchSelected() async throws {
        try await SharingServer.with("lrs") { sharing in
            try await sharing.fill(3)
            let client = try await sharing.selected()
            let saved = try await client.command("ESEARCH IN (selected) RETURN (SAVE ALL) NOT UID 2")
            #expect(saved.esearch?.all == "1,3")
            #expect(saved.esearch?.mailbox == "Other Users/bob@example.org/Team")
            #expect(try await client.command("UID SEARCH $").found == [1, 3])
            let owner = try await sharing.bobClient()
            #expect(try await owner.command("SELECT Team").isOK)
            #expect(try await owner.command("MOVE 1 Secret").isOK)
            #expect(try await client.command("NOOP").expunged == [1])
            #expect(try await client.command("ESEARCH IN (selected) RETURN (ALL) $").esearch?.all == "3")
        }
    }
}
