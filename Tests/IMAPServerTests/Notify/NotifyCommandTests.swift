// NOTIFY over the wire: the selected mailbox, the others, names and subscriptions, IDLE, limits, in every mode.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct NotifyCommandTests {
    private static let messages = "MessageNew MessageExpunge"

    /// Says nothing unasked: what comes next is the answer to this NOOP.
    private static func expectSilence(_ client: IMAPTestClient) async throws {
        let reply = try await client.command("NOOP")
        #expect(reply.isOK && reply.untagged.isEmpty, "\(reply.untagged)")
    }

    // MARK: The selected mailbox

    @Test("flags and expunged messages of SELECTED come between commands")
    func changes() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.select()
            let other = try await server.select()
            #expect(try await client.command("NOTIFY SET (selected (\(Self.messages) FlagChange))").isOK)
            try await other.command("STORE 2 +FLAGS (\\Deleted)")
            let flagged = try await client.response()
            #expect(flagged.uid == 2 && flagged.flags?.contains("\\Deleted") == true)
            try await other.command("EXPUNGE")
            let gone = try await client.response()
            #expect(gone.name == "EXPUNGE" && gone.number == 2)
            try await Self.expectSilence(client)
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
            try await Self.expectSilence(client)
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
            try await Self.expectSilence(client)
        }
    }

    /// The name and the attributes, in order, of the LIST response that comes.
    private static func expect(_ client: IMAPTestClient, _ line: [String]) async throws {
        let response = try await client.response()
        let attributes = response.name == "LIST" ? response.values[1].list?.compactMap(\.text) ?? [] : []
        #expect([response.values.dropFirst(3).first?.text ?? ""] + attributes.sorted() == line, "\(response)")
    }

    @Test("subscriptions, and filters that follow them")
    func subscriptions() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let other = try await server.login()
            let set = "NOTIFY SET (personal (SubscriptionChange)) (subscribed (\(Self.messages)))"
            #expect(try await client.command(set).isOK)
            try await other.command("UNSUBSCRIBE Sent")
            try await Self.expect(client, ["Sent", "\\HasNoChildren", "\\Sent"])
            try await server.fill(1, to: "Sent")
            try await Self.expectSilence(client)
            try await other.command("SUBSCRIBE Sent")
            try await Self.expect(client, ["Sent", "\\HasNoChildren", "\\Sent", "\\Subscribed"])
            try await server.fill(1, to: "Sent")
            #expect(try await client.response().name == "STATUS")
            try await client.command("UNSUBSCRIBE Sent")
            try await Self.expectSilence(client)
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
            try await Self.expectSilence(client)
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
            try await Self.expectSilence(client)
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
            try await Self.expectSilence(client)
        }
    }
}
