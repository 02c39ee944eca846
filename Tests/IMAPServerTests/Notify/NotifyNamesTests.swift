// NOTIFY's MailboxName and SubscriptionChange over the wire: LIST as names come, go and change (RFC 5465 §5.4, §5.5).

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct NotifyNamesTests {
    @Test("created, deleted and renamed by others, with the parent's line", arguments: ClientMode.allCases)
    func names(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let client = try await server.login(mode)
            let other = try await server.login(mode)
            #expect(try await client.notify("SET (personal (MailboxName))").isOK)
            try await other.command("CREATE a")
            try await client.expectList("a", "\\HasNoChildren", "\\Subscribed")
            try await other.command("CREATE a/b")
            try await client.expectList("a/b", "\\HasNoChildren", "\\Subscribed")
            try await client.expectList("a", "\\HasChildren", "\\Subscribed")
            // What is below is renamed with it and not told (RFC 5465 §5.4).
            try await other.command("RENAME a c")
            try await client.expectList("c", "\\HasChildren", "was a")
            try await other.command("DELETE c/b")
            try await client.expectList("c/b", "\\HasNoChildren", "\\NonExistent")
            try await client.expectList("c", "\\HasNoChildren")
            try await other.command("DELETE c")
            try await client.expectList("c", "\\HasNoChildren", "\\NonExistent")
            // Neither messages nor subscriptions were asked for.
            try await server.fill(1, to: "Sent")
            try await other.command("UNSUBSCRIBE Sent")
            try await client.expectSilence()
        }
    }

    @Test("INBOX that is renamed: its messages' new mailbox was INBOX, and no line for INBOX")
    func inbox() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let (client, other) = (try await server.login(), try await server.login())
            #expect(try await client.notify("SET (personal (MailboxName))").isOK)
            try await other.command("RENAME INBOX old")
            try await client.expectList("old", "\\HasNoChildren", "was INBOX")
            try await client.expectSilence()
        }
    }

    @Test("names in UTF-7, or in UTF-8 to IMAP4rev2, also in OLDNAME", arguments: ClientMode.allCases)
    func encodedNames(mode: ClientMode) async throws {
        try await TestServer.with { server in
            let client = try await server.login(mode)
            #expect(try await client.notify("SET (personal (MailboxName))").isOK)
            _ = try await server.alice.createMailbox(try MailboxName("Entwürfe"))
            let written = mode == .rev2 ? "Entwürfe" : "Entw&APw-rfe"
            try await client.expectList(written, "\\HasNoChildren")
            try await server.alice.renameMailbox(try MailboxName("Entwürfe"), to: try MailboxName("Skizzen"))
            try await client.expectList("Skizzen", "\\HasNoChildren", "was \(written)")
        }
    }

    @Test("filters: a subtree and mailboxes by name, without wildcards; NONE takes out what another group names")
    func filters() async throws {
        try await TestServer.with { server in
            let (client, other) = (try await server.login(), try await server.login())
            let set = "SET (subtree (Lists News) (MailboxName)) (mailboxes (\"x*\" y) (MailboxName))"
            #expect(try await client.notify("\(set) (mailboxes News/b NONE)").isOK)
            for name in ["xa", "Other", "y"] { try await other.command("CREATE \(name)") }
            try await client.expectList("y", "\\HasNoChildren", "\\Subscribed")
            try await other.command("CREATE News/b")
            try await client.expectList("News", "\\HasChildren")
            try await other.command("CREATE News/c")
            try await client.expectList("News/c", "\\HasNoChildren", "\\Subscribed")
            try await client.expectList("News", "\\HasChildren")
            try await other.command("CREATE Lists")
            try await client.expectList("Lists", "\\HasNoChildren", "\\Subscribed")
            try await client.expectSilence()
            // A child is told where the one above it, which it was renamed with, is not.
            try await other.command("CREATE z/n")
            #expect(try await client.notify("SET (subtree z/n (MailboxName))").isOK)
            try await other.command("RENAME z zz")
            try await client.expectList("zz/n", "\\HasNoChildren", "was z/n")
        }
    }

    @Test("one's own names and subscriptions are not told (RFC 5465 §5), until another undoes them")
    func own() async throws {
        try await TestServer.with { server in
            let (client, other) = (try await server.login(), try await server.login())
            #expect(try await client.notify("SET (personal (MailboxName SubscriptionChange))").isOK)
            let commands = [
                "CREATE a/b", "CREATE c/", "RENAME a d", "DELETE d/b", "UNSUBSCRIBE Sent", "SUBSCRIBE Sent",
                "RENAME INBOX old", "DELETE d", "SUBSCRIBE nothing",
            ]
            for command in commands {
                let reply = try await client.command(command)
                #expect(reply.isOK && reply.untagged.isEmpty, "\(command): \(reply)")
                try await client.expectSilence()
            }
            // One that failed has made nothing.
            try await other.command("CREATE e")
            try await client.expectList("e", "\\HasNoChildren", "\\Subscribed")
            #expect(try await client.command("CREATE e").isNO)
            try await other.command("DELETE c")
            try await client.expectList("c", "\\HasNoChildren", "\\NonExistent", "\\Subscribed")
        }
    }

    @Test("subscriptions, and filters that follow them")
    func subscriptions() async throws {
        try await TestServer.with { server in
            let (client, other) = (try await server.login(), try await server.login())
            let set = "SET (personal (SubscriptionChange)) (subscribed (\(NotifyEvents.messages)))"
            #expect(try await client.notify(set).isOK)
            try await other.command("UNSUBSCRIBE Sent")
            try await client.expectList("Sent", "\\HasNoChildren", "\\Sent")
            try await server.fill(1, to: "Sent")
            try await client.expectSilence()
            try await other.command("SUBSCRIBE Sent")
            try await client.expectList("Sent", "\\HasNoChildren", "\\Sent", "\\Subscribed")
            try await server.fill(1, to: "Sent")
            try await client.expectStatus("Sent", ["MESSAGES", "UIDNEXT", "UIDVALIDITY"])
            try await other.command("SUBSCRIBE \"not there\"")
            try await client.expectList("not there", "\\HasNoChildren", "\\NonExistent", "\\Subscribed")
            try await client.expectSilence()
        }
    }

    @Test("what another process commits is told as well: names, messages, subscriptions")
    func anotherProcess() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let events = "MailboxName SubscriptionChange \(NotifyEvents.messages)"
            #expect(try await client.notify("SET (personal (\(events)))").isOK)
            let other = try await Store.open(at: server.temporary.path, exclusive: false, logger: .quiet)
            let account = try await other.account(server.aliceID)
            let name = try MailboxName("a")
            _ = try await account.createMailbox(name)
            try await client.expectList("a", "\\HasNoChildren")
            _ = try await account.append([try await server.temporary.message(Sample.message(1))], to: name)
            try await client.expectStatus("a", ["MESSAGES", "UIDNEXT", "UIDVALIDITY"])
            try await account.subscribe(name)
            try await client.expectList("a", "\\HasNoChildren", "\\Subscribed")
            await other.close()
        }
    }

    @Test("NOTIFY SET takes the place of the one before it and loses nothing; one that is refused changes nothing")
    func replacing() async throws {
        try await TestServer.with {
            $0.limits.notifyMailboxes = 3
        } _: { server in
            let client = try await server.login()
            #expect(try await client.notify("SET (mailboxes Sent (\(NotifyEvents.messages)))").isOK)
            let tooMany = try await client.notify("SET (personal (\(NotifyEvents.messages)))")
            #expect(tooMany.isNO && tooMany.code == "NOTIFICATIONOVERFLOW")
            #expect(try await client.notify("SET (personal (x-weather))").isNO)
            try await server.fill(1, to: "Sent")
            try await client.expectStatus("Sent", ["MESSAGES", "UIDNEXT", "UIDVALIDITY"])
            #expect(try await client.notify("SET (mailboxes (Sent Trash) (\(NotifyEvents.messages)))").isOK)
            try await server.fill(1, to: "Trash")
            try await client.expectStatus("Trash", ["MESSAGES", "UIDNEXT", "UIDVALIDITY"])
            #expect(try await client.notify("SET (mailboxes Trash (\(NotifyEvents.messages)))").isOK)
            try await server.fill(1, to: "Sent")
            try await client.expectSilence()
            #expect(try await client.notify("NONE").isOK)
            try await server.fill(1, to: "Trash")
            try await client.expectSilence()
        }
    }
}
