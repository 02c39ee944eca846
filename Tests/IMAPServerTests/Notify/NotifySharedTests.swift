// NOTIFY of mailboxes that another account shares: as long as the rights last (RFC 5465 §3.1, §5.9).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct NotifySharedTests {
    private static let name = "Other Users/bob@example.org/Team"
    private static let counts: Set<String> = ["MESSAGES", "UIDNEXT", "UIDVALIDITY"]

    @Test(
        "messages of a shared mailbox, however it is named", arguments: ClientMode.allCases,
        ["mailboxes \(SharingServer.team)", "subtree \"Other Users\"", "subtree \"Other Users/bob@example.org\"",
            "subscribed",
        ])
    func messages(mode: ClientMode, filter: String) async throws {
        try await SharingServer.with("lrs") { sharing in
            try await sharing.fill(1)
            let client = try await sharing.alice(mode)
            if filter == "subscribed" { #expect(try await client.command("SUBSCRIBE \(SharingServer.team)").isOK) }
            #expect(try await client.notify("SET (\(filter) (\(NotifyEvents.flags)))").isOK)
            try await sharing.fill(1)
            let modSeq: Set<String> = mode == .qresync ? ["HIGHESTMODSEQ"] : []
            let counts = Self.counts.union(["UNSEEN"]).union(modSeq)
            #expect(try await client.expectStatus(Self.name, counts)["MESSAGES"] == 2)
            // The owner reads one of them, and somebody else's mail is nobody's business.
            let owner = try await sharing.bobClient()
            try await owner.command("SELECT Team")
            try await owner.command("STORE 1 +FLAGS.SILENT (\\Seen)")
            let flags = try await client.expectStatus(Self.name, Set(["UIDVALIDITY", "UNSEEN"]).union(modSeq))
            #expect(flags["UNSEEN"] == 1)
            #expect(try await owner.append("Secret", Sample.message(1)).isOK)
            #expect(try await owner.command("CREATE Private").isOK)
            try await client.expectSilence()
        }
    }

    @Test("PERSONAL and INBOXES are not about the mailboxes of others", arguments: ["personal", "inboxes"])
    func personal(filter: String) async throws {
        try await SharingServer.with("lr") { sharing in
            let client = try await sharing.alice()
            #expect(try await client.notify("SET (\(filter) (\(NotifyEvents.flags) MailboxName))").isOK)
            try await sharing.fill(1)
            try await sharing.allow("")
            try await client.expectSilence()
        }
    }

    @Test("rights given are a mailbox created, rights taken one deleted, in the same words as by DELETE")
    func rights() async throws {
        try await SharingServer.with("") { sharing in
            let client = try await sharing.alice()
            let filter = "subtree \"Other Users\""
            #expect(try await client.notify("SET (\(filter) (\(NotifyEvents.messages) MailboxName))").isOK)
            // Bob begins to share: nobody listened to him before.
            try await sharing.allow("lr")
            let parent = "Other Users/bob@example.org"
            try await client.expectList(Self.name, "\\HasNoChildren")
            try await client.expectList(parent, "\\HasChildren", "\\NonExistent")
            try await sharing.fill(1)
            try await client.expectStatus(Self.name, Self.counts)
            // Without "r" it is there and is not observed.
            try await sharing.allow("l")
            try await client.expectList(Self.name, "\\HasNoChildren", "\\NoAccess")
            try await sharing.fill(1)
            try await client.expectSilence()
            try await sharing.allow("lr")
            try await client.expectList(Self.name, "\\HasNoChildren")
            #expect(try await client.expectStatus(Self.name, Self.counts)["MESSAGES"] == 2)
            try await sharing.allow("")
            let taken = try await client.response()
            #expect(taken.listed == [Self.name, "\\HasNoChildren", "\\NoAccess", "\\NonExistent"])
            try await client.expectList(parent, "\\HasNoChildren", "\\NonExistent")
            try await sharing.fill(1)
            try await client.expectSilence()
            try await sharing.allow("lr")
            try await client.expectList(Self.name, "\\HasNoChildren")
            try await client.expectList(parent, "\\HasChildren", "\\NonExistent")
            try await sharing.bob.deleteMailbox(try MailboxName("Team"))
            #expect(try await client.response() == taken)
        }
    }

    @Test("a mailbox that can be listed and not observed is told as \\NoAccess at once, and when that changes")
    func noAccess() async throws {
        try await SharingServer.with("l") { sharing in
            let client = try await sharing.alice()
            let secret = "\"Other Users/bob@example.org/Secret\""
            let set = "SET STATUS (mailboxes (\(SharingServer.team) \(secret) Sent) (\(NotifyEvents.messages)))"
            let reply = try await client.notify(set)
            #expect(reply.isOK && reply.data("STATUS").map(\.statusOf) == ["Sent"])
            #expect(reply.data("LIST").map(\.listed) == [[Self.name, "\\HasNoChildren", "\\NoAccess"]])
            try await sharing.allow("")
            try await client.expectList(Self.name, "\\HasNoChildren", "\\NoAccess", "\\NonExistent")
            try await sharing.allow("lr")
            try await client.expectList(Self.name, "\\HasNoChildren")
            try await sharing.fill(1)
            try await client.expectStatus(Self.name, Self.counts)
        }
    }

    @Test("a shared mailbox that its owner renames keeps its messages' news")
    func renamed() async throws {
        try await SharingServer.with("lr") { sharing in
            let client = try await sharing.alice()
            let filter = "subtree \"Other Users\""
            #expect(try await client.notify("SET (\(filter) (\(NotifyEvents.messages) MailboxName))").isOK)
            try await sharing.bob.renameMailbox(try MailboxName("Team"), to: try MailboxName("Crew"))
            try await client.expectList("Other Users/bob@example.org/Crew", "\\HasNoChildren", "was \(Self.name)")
            _ = try await sharing.bob.append(
                [try await sharing.server.temporary.message(Sample.message(1))], to: try MailboxName("Crew"))
            try await client.expectStatus("Other Users/bob@example.org/Crew", Self.counts)
        }
    }

    @Test("RFC 5465 §5.6, §5.7: annotations of one's own mailboxes, of shared ones and of the account")
    func metadata() async throws {
        try await SharingServer.with("lr") { sharing in
            let (client, other) = (try await sharing.alice(), try await sharing.alice())
            let owner = try await sharing.bobClient()
            let set = "SET (mailboxes (INBOX \(SharingServer.team)) (MailboxMetadataChange))"
            #expect(try await client.notify("\(set) (personal (ServerMetadataChange))").isOK)
            try await other.command("SETMETADATA INBOX (/private/comment \"x\" /shared/comment \"y\")")
            #expect(try await client.response().changedMetadata == ["INBOX", "/private/comment", "/shared/comment"])
            try await other.command("SETMETADATA Sent (/private/comment \"x\")")
            try await other.command("SETMETADATA INBOX (/private/comment NIL)")
            #expect(try await client.response().changedMetadata == ["INBOX", "/private/comment"])
            try await other.command("SETMETADATA \"\" (/private/comment \"x\")")
            #expect(try await client.response().changedMetadata == ["", "/private/comment"])
            // The owner's private ones are not the guest's.
            try await owner.command("SETMETADATA Team (/private/comment \"x\" /shared/comment \"y\")")
            #expect(try await client.response().changedMetadata == [Self.name, "/shared/comment"])
            try await owner.command("SETMETADATA Secret (/shared/comment \"y\")")
            try await other.command("SETMETADATA \(SharingServer.team) (/private/comment \"mine\")")
            #expect(try await client.response().changedMetadata == [Self.name, "/private/comment"])
            // One's own are known, and without "r" there are none.
            try await client.command("SETMETADATA INBOX (/private/comment \"mine\")")
            try await sharing.allow("lw")
            try await client.expectList(Self.name, "\\HasNoChildren", "\\NoAccess")
            try await owner.command("SETMETADATA Team (/shared/comment \"z\")")
            try await client.expectSilence()
        }
    }

    @Test("RFC 5464 §4.4: ENABLE METADATA tells of shared mailboxes too, until NOTIFY says what is told")
    func enabledMetadata() async throws {
        try await SharingServer.with("lr") { sharing in
            let (client, owner) = (try await sharing.alice(), try await sharing.bobClient())
            #expect(try await client.command("ENABLE METADATA").isOK)
            try await owner.command("SETMETADATA Team (/shared/comment \"y\" /private/comment \"no\")")
            let told = try await client.command("NOOP").data("METADATA")
            #expect(told.map(\.changedMetadata) == [[Self.name, "/shared/comment"]])
            try await owner.command("SETMETADATA Secret (/shared/comment \"y\")")
            try await client.expectSilence()
            // Another begins to share.
            let secret = try MailboxName("Secret")
            try await sharing.server.store.setRights(
                on: secret, of: sharing.bob, for: .anyone, isNegative: false,
                .replace(try MailboxRights(letters: "lr")))
            try await owner.command("SETMETADATA Secret (/shared/comment \"z\")")
            let anew = try await client.command("NOOP").data("METADATA")
            #expect(anew.map(\.changedMetadata) == [["Other Users/bob@example.org/Secret", "/shared/comment"]])
            #expect(try await client.notify("SET (personal (MailboxMetadataChange))").isOK)
            try await owner.command("SETMETADATA Team (/shared/comment \"x\")")
            try await client.expectSilence()
        }
    }

    @Test("case 75: too many others who share are refused")
    func overflow() async throws {
        try await TestServer.with {
            $0.limits.notifyOwners = 1
        } _: { server in
            for name in ["b", "c"] {
                let owner = try await server.temporary.account("\(name)@example.org")
                try await server.store.setRights(
                    on: .inbox, of: owner, for: .account(server.aliceID), isNegative: false,
                    .replace(try MailboxRights(letters: "lr")))
            }
            let client = try await server.login()
            let set = "(subtree \"Other Users\" (\(NotifyEvents.messages)))"
            #expect(try await client.notify("SET \(set)").code == "NOTIFICATIONOVERFLOW")
            let one = "(subtree \"Other Users/b@example.org\" (\(NotifyEvents.messages)))"
            #expect(try await client.notify("SET \(one)").isOK)
        }
    }
}
