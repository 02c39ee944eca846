// NOTIFY over the wire: the selected mailbox, the others, names and subscriptions, IDLE, limits, in every mode.

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct NotifyCommandTests {
    private static let messages = NotifyEvents.messages

    // MARK: The selected mailbox

    @Test("flags and expunged messages of SELECTED come between commands", arguments: ClientMode.allCases)
    func changes(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select(mode: mode)
            let other = try await server.select()
            #expect(try await client.command("NOTIFY SET (selected (\(Self.messages) FlagChange))").isOK)
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            let flagged = try await client.response()
            #expect(flagged.uid == 2 && flagged.flags?.contains("\\Deleted") == true)
            try await other.command("EXPUNGE")
            let gone = try await client.response()
            #expect(mode == .qresync ? gone.vanishedUIDs == [2] : gone.name == "EXPUNGE" && gone.number == 2)
            try await client.expectSilence()
        }
    }

    @Test("SELECTED-DELAYED holds EXPUNGE back until a command that may tell it")
    func delayed() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let other = try await server.select()
            #expect(try await client.command("NOTIFY SET (selected-delayed (\(Self.messages)))").isOK)
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            try await server.fill(1)
            #expect(try await client.response().number == 4)
            #expect(try await client.response().name == "RECENT")
            #expect(try await client.command("FETCH 3 UID").fetches.first?.uid == 3)
            let noop = try await client.command("NOOP")
            #expect(noop.expunged == [2] && noop.fetches.isEmpty)
        }
    }

    @Test("without SELECTED, and after NONE, the mailbox stands still", arguments: [
        "NONE", "SET (selected NONE)", "SET (mailboxes Sent (MessageNew MessageExpunge))",
    ])
    func snapshot(arguments: String) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let other = try await server.select()
            #expect(try await client.command("NOTIFY \(arguments)").isOK)
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            try await other.command("EXPUNGE")
            try await server.fill(1)
            try await client.expectSilence()
            let missing = try await client.command("FETCH 1:3 (UID FLAGS)")
            #expect(missing.isOK && missing.fetches.count == 3)
            // Its own commands are answered in full.
            #expect(try await client.command("STORE 1 +FLAGS (\\Deleted)").fetches.first?.number == 1)
            #expect(try await client.command("EXPUNGE").expunged == [2, 1])
            #expect(try await client.command("NOTIFY SET (selected (\(Self.messages)))").isOK)
            #expect(try await client.command("UID SEARCH ALL").found == [3, 4])
        }
    }

    @Test("NOTIFY SET tells what has come together, as NOOP does")
    func impliedNoop() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            try await server.fill(2)
            #expect(try await client.command("NOTIFY SET (selected NONE)").exists == 2)
        }
    }

    // MARK: The others

    @Test("STATUS of the others: at once where it is asked for, then when something comes or goes",
        arguments: ClientMode.allCases)
    func others(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(2, to: "Sent")
            let client = try await server.select(mode: mode)
            let reply = try await client.command(
                "NOTIFY SET STATUS (mailboxes (Sent Nowhere INBOX) (\(Self.messages) FlagChange))")
            let status = reply.data("STATUS")
            #expect(reply.isOK && status.count == 1)
            #expect(status.first?.values[1].text == "Sent")
            try await server.fill(1, to: "Trash")
            try await server.fill(1, to: "Sent")
            let news = try await client.response()
            #expect(news.name == "STATUS" && news.values[1].text == "Sent")
            let values = news.values[2].list?.map(\.description) ?? []
            #expect(values.contains("MESSAGES") && values.contains("UIDNEXT"))
            #expect(values.contains("3") && values.contains("4"))
            #expect(values.contains("HIGHESTMODSEQ") == (mode == .qresync))
            let other = try await server.select("Sent")
            try await other.command("STORE 1 +FLAGS.SILENT (\\Seen \\Deleted)")
            let flags = try await client.response().values[2].list?.map(\.description) ?? []
            #expect(flags.contains("UNSEEN") && flags.contains("2") && flags.contains("UIDVALIDITY"))
            try await other.command("EXPUNGE")
            #expect(try await client.response().values[2].list?.contains(.atom("MESSAGES")) == true)
            try await client.expectSilence()
        }
    }

    @Test("the STATUS indicator tells what the events need, and nothing of the selected mailbox (RFC 5465 §3.1)")
    func statusIndicator() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let messages = try await client.notify("SET STATUS (mailboxes (Sent INBOX) (\(Self.messages)))")
            #expect(
                messages.data("STATUS").map { Set($0.statusValues.keys) } == [["MESSAGES", "UIDNEXT", "UIDVALIDITY"]])
            let flags = try await client.notify("SET STATUS (mailboxes Sent (\(NotifyEvents.flags)))")
            #expect(
                flags.data("STATUS").map { Set($0.statusValues.keys) } == [
                    ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "HIGHESTMODSEQ"]
                ])
            for set in ["SET STATUS (personal (MailboxName))", "SET (personal (\(Self.messages)))",
                "SET STATUS (personal NONE)", "SET STATUS (selected (\(Self.messages)))",
                "SET STATUS (subtree x (\(Self.messages)))",
            ] {
                let reply = try await client.notify(set)
                #expect(reply.isOK && reply.untagged.isEmpty, "\(set): \(reply.untagged)")
            }
        }
    }

    @Test("what the client does itself is not told (RFC 5465 §5); what another does there besides is")
    func ownMessages() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let (client, other) = (try await server.select(), try await server.select())
            #expect(try await client.notify("SET (personal (\(NotifyEvents.flags))) (selected NONE)").isOK)
            #expect(try await client.command("COPY 1 Sent").isOK)
            #expect(try await client.append("Sent", Sample.message(4)).isOK)
            #expect(try await client.append("Trash", Sample.message(4)).isOK)
            try await client.expectSilence()
            #expect(try await other.command("COPY 1 Sent").isOK)
            let status = try await client.expectStatus("Sent", ["MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN"])
            #expect(status["MESSAGES"] == 3)
            try await client.expectSilence()
        }
    }

    @Test("a mailbox that was selected is among the others from then on; what it was not told of is told")
    func unselected() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.notify("SET (selected NONE) (mailboxes INBOX (\(Self.messages)))").isOK)
            try await server.fill(1)
            try await client.expectSilence()
            let left = try await client.command("UNSELECT")
            #expect(left.data("STATUS").compactMap(\.statusOf) == ["INBOX"])
            let set = "SET (selected (\(Self.messages))) (mailboxes INBOX (\(Self.messages)))"
            #expect(try await client.notify(set).isOK)
            try await client.command("SELECT INBOX")
            try await server.fill(1)
            #expect(try await client.response().name == "EXISTS")
            #expect(try await client.response().name == "RECENT")
            #expect(try await client.command("SELECT Sent").isOK)
            // All of it was told; the news of it may come once more, and that is all that may come.
            let noop = try await client.command("NOOP")
            let late = noop.untagged.compactMap(\.statusOf)
            #expect(late.isEmpty || late == ["INBOX"])
        }
    }

    @Test("UNAUTHENTICATE ends NOTIFY; the next login hears nothing that it did not ask for")
    func unauthenticate() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let set = "SET (selected (\(Self.messages))) (personal (\(Self.messages) MailboxName ServerMetadataChange))"
            #expect(try await client.notify(set).isOK)
            #expect(try await client.command("UNAUTHENTICATE").isOK)
            #expect(try await client.login().isOK)
            try await server.fill(1, to: "Sent")
            _ = try await server.alice.createMailbox(try MailboxName("new"))
            try await client.expectSilence()
            // Nor does it end what a session hears that never said NOTIFY.
            #expect(try await client.command("SELECT INBOX").isOK)
            try await server.fill(1)
            #expect(try await client.command("NOOP").exists == 1)
        }
    }

    @Test("NOTIFY is offered to logins, and not to accounts that it was taken from")
    func offered() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("CAPABILITY").capabilities?.contains("NOTIFY") == true)
            try await server.administration.switchCapabilities(["METADATA"], of: "alice@example.org", to: false)
            let without = try await server.login()
            let reply = try await without.notify("SET (personal (MailboxMetadataChange))")
            #expect(reply.code == "BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange)")
            try await server.administration.switchCapabilities(["NOTIFY"], of: "alice@example.org", to: false)
            let refused = try await server.login()
            #expect(try await refused.command("CAPABILITY").capabilities?.contains("NOTIFY") == false)
            #expect(try await refused.notify("NONE").isBAD)
            #expect(try await refused.command("SELECT INBOX").isOK)
            #expect(try await refused.command("SEARCH RETURN (UPDATE (UID)) ALL").isBAD)
        }
    }

    @Test("the mailbox that is selected is told of as such, whatever else names it")
    func selectedBesides() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            let both = "(selected (\(Self.messages))) (personal (\(Self.messages)))"
            #expect(try await client.command("NOTIFY SET \(both)").isOK)
            try await server.fill(1)
            #expect(try await client.response().name == "EXISTS")
            #expect(try await client.response().name == "RECENT")
            try await client.expectSilence()
            try await client.command("UNSELECT")
            try await server.fill(1)
            let status = try await client.response()
            #expect(status.name == "STATUS" && status.values[1].text == "INBOX")
        }
    }

    @Test("RFC 5465 §4: IDLE tells the same")
    func idle() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.command("NOTIFY SET (mailboxes Sent (\(Self.messages)))").isOK)
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await server.fill(1)
            try await server.fill(1, to: "Sent")
            #expect(try await client.response().name == "STATUS")
            try await client.send("DONE\r\n")
            let reply = try await client.reply(to: "I")
            #expect(reply.isOK && reply.untagged.isEmpty)
        }
    }

    @Test("RFC 5465 §6.1.2: IDLE may tell what SELECTED-DELAYED holds back", arguments: ClientMode.allCases)
    func delayedInIdle(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let (client, other) = (try await server.select(mode: mode), try await server.select())
            #expect(try await client.notify("SET (selected-delayed (\(Self.messages)))").isOK)
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await other.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            let gone = try await client.response()
            #expect(mode == .qresync ? gone.vanishedUIDs == [1] : gone.name == "EXPUNGE" && gone.number == 1)
            _ = try await server.alice.createMailbox(try MailboxName("new"))
            try await client.send("DONE\r\n")
            let reply = try await client.reply(to: "I")
            // The names of others were not asked for; HIGHESTMODSEQ may come once EXPUNGE is told.
            #expect(reply.isOK && reply.untagged.allSatisfy { $0.condition == "OK" })
        }
    }

    // MARK: Refusals

    @Test("events that are not there are NO with those that are; names that are not there are passed over")
    func refusals() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            for event in ["x-weather", "\(Self.messages) AnnotationChange"] {
                let reply = try await client.command("NOTIFY SET (personal (\(event)))")
                #expect(reply.isNO && reply.code?.hasPrefix("BADEVENT (MessageNew MessageExpunge ") == true)
            }
            #expect(try await client.command("NOTIFY SET STATUS (mailboxes Nowhere (\(Self.messages)))").isOK)
            #expect(try await client.command("NOTIFY SET (mailboxes \"&bad\" (\(Self.messages)))").isOK)
            let stranger = try await server.connect()
            #expect(try await stranger.command("NOTIFY NONE").isBAD)
        }
    }

    @Test("case 75: too many mailboxes are refused, and more of them later end it")
    func overflow() async throws {
        try await TestServer.with {
            $0.limits.notifyMailboxes = 7
        } _: { server in
            let client = try await server.login()
            let other = try await server.login()
            #expect(try await client.command("NOTIFY SET (personal (\(Self.messages)))").isOK)
            try await other.command("CREATE a7")
            try await other.command("CREATE a8")
            let end = try await client.response()
            #expect(end.condition == "OK" && end.code == "NOTIFICATIONOVERFLOW")
            try await server.fill(1, to: "Sent")
            try await client.expectSilence()
            let reply = try await client.command("NOTIFY SET (personal (\(Self.messages)))")
            #expect(reply.isNO && reply.code == "NOTIFICATIONOVERFLOW")
            #expect(try await client.command("NOTIFY SET (mailboxes Sent (\(Self.messages)))").isOK)
        }
    }

    @Test("a client that does not read is told of the sum, not of each change")
    func slowReader() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            #expect(try await client.command("NOTIFY SET (personal (\(Self.messages)))").isOK)
            for _ in 1...60 { try await server.fill(1, to: "Sent") }
            var told = 0
            var last: IMAPResponse?
            repeat {
                last = try await client.response()
                told += 1
            } while last?.values[2].list?.contains(.atom("61")) != true
            #expect(told <= 60)
            try await client.expectSilence()
        }
    }
}
