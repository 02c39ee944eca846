// What is sent of new messages unasked: the FETCH items of MessageNew and of UPDATE (RFC 5465 §5.2, §7).

import Accounts
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct NotifyNewMessagesTests {
    private static let subject = "BODY.PEEK[HEADER.FIELDS (SUBJECT)]"

    /// The names of what comes without asking, up to and with the first response of this name.
    private func names(_ client: IMAPTestClient, upTo last: String) async throws -> [String] {
        var names: [String] = []
        repeat { names.append(try await client.response().name ?? "") } while names.last != last
        return names.filter { $0 != "RECENT" }
    }

    @Test("SELECTED: EXISTS, then FETCH of each new message with what was asked for", arguments: ClientMode.allCases)
    func items(mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select(mode: mode)
            let items = "UID FLAGS \(Self.subject)"
            #expect(try await client.notify("SET (selected (MessageNew (\(items)) MessageExpunge))").isOK)
            try await server.fill(2)
            #expect(try await client.response().name == "EXISTS")
            if mode != .rev2 { #expect(try await client.response().name == "RECENT") }
            for uid: UInt64 in [2, 3] {
                let fetch = try await client.response()
                #expect(fetch.name == "FETCH" && fetch.number == uid && fetch.uid == uid && fetch.flags != nil)
                #expect(fetch.items.keys.contains { $0.hasPrefix("BODY[HEADER.FIELDS") })
                #expect(fetch.items.keys.contains("MODSEQ") == (mode == .qresync))
            }
            // Nobody has looked at them: what would set \\Seen does not.
            #expect(try await client.notify("SET (selected (MessageNew (BODY[] MODSEQ) MessageExpunge))").isOK)
            try await server.fill(1)
            _ = try await names(client, upTo: "EXISTS")
            var fetch = try await client.response()
            if fetch.name == "RECENT" { fetch = try await client.response() }
            #expect(fetch.items["BODY[]"]?.bytes?.isEmpty == false && fetch.modSeq != nil)
            #expect(try await server.alice.mailbox(.inbox)?.unseen == 4)
        }
    }

    @Test("SELECTED-DELAYED tells new messages at once too")
    func delayed() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.notify("SET (selected-delayed (MessageNew (UID) MessageExpunge))").isOK)
            try await server.fill(1)
            #expect(try await names(client, upTo: "FETCH") == ["EXISTS", "FETCH"])
        }
    }

    @Test("UIDONLY: UIDFETCH and VANISHED")
    func uidOnly() async throws {
        try await TestServer.with { server in
            try await server.administration.switchCapabilities(["UIDONLY"], of: "alice@example.org", to: true)
            let client = try await server.login()
            #expect(try await client.command("ENABLE UIDONLY").isOK)
            #expect(try await client.command("SELECT INBOX").isOK)
            let other = try await server.select()
            #expect(try await client.notify("SET (selected (MessageNew (FLAGS) MessageExpunge FlagChange))").isOK)
            try await server.fill(1)
            #expect(try await names(client, upTo: "UIDFETCH") == ["EXISTS", "UIDFETCH"])
            try await other.command("NOOP")
            try await other.command("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
            #expect(try await client.response().name == "UIDFETCH")
            try await other.command("EXPUNGE")
            #expect(try await client.response().vanishedUIDs == [1])
        }
    }

    @Test("of what the client puts there itself it is sent EXISTS and no FETCH")
    func own() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.select()
            #expect(try await client.notify("SET (selected (MessageNew (UID) MessageExpunge))").isOK)
            for reply in [
                try await client.append("INBOX", Sample.message(2)), try await client.command("UID COPY 1 INBOX"),
                try await client.append("INBOX", Sample.message(2), arguments: "(\\Seen)"),
                try await client.command("UID MOVE 1 INBOX"),
            ] {
                #expect(reply.isOK && reply.exists != nil && reply.fetches.isEmpty, "\(reply)")
            }
            try await client.expectSilence()
            try await server.fill(1)
            #expect(try await names(client, upTo: "FETCH") == ["EXISTS", "FETCH"])
        }
    }

    @Test("RFC 5465 §7: UPDATE with items: EXISTS, FETCH, ESEARCH; none for what flags bring in",
        arguments: ["SEARCH RETURN (COUNT UPDATE (UID FLAGS))", "SORT RETURN (COUNT UPDATE (UID FLAGS)) (DATE) UTF-8",
            "SEARCH RETURN (UPDATE(UID FLAGS) COUNT)",
        ])
    func updates(search: String) async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let (client, other) = (try await server.select(), try await server.select())
            #expect(try await client.command("UID \(search) FLAGGED").isOK)
            try await server.fill(1)
            try await server.fill(1, flags: Flags(.flagged))
            let reply = try await client.command("NOOP")
            #expect(reply.untagged.compactMap(\.name).filter { $0 != "RECENT" } == ["EXISTS", "FETCH", "ESEARCH"])
            #expect(reply.fetches.first?.uid == 4 && reply.fetches.first?.flags?.contains("\\Flagged") == true)
            try await other.command("STORE 1 +FLAGS.SILENT (\\Flagged)")
            let flagged = try await client.command("NOOP")
            #expect(flagged.fetches.count == 1 && flagged.fetches.first?.uid == nil)
            #expect(flagged.untagged.last?.name == "ESEARCH")
            // What the client puts there itself: ESEARCH without FETCH.
            let own = try await client.append("INBOX", Sample.message(5), arguments: "(\\Flagged)")
            #expect(own.fetches.isEmpty && own.esearches.count == 1)
        }
    }

    @Test("RFC 5465 §5.2: the items of NOTIFY and of UPDATE in one FETCH, behind the ESEARCH")
    func combined() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            #expect(try await client.command("SEARCH RETURN (COUNT UPDATE (UID ENVELOPE)) FLAGGED").isOK)
            #expect(try await client.command("SEARCH RETURN (COUNT UPDATE (RFC822.SIZE UID)) SUBJECT 1").isOK)
            #expect(try await client.notify("SET (selected (MessageNew (FLAGS) MessageExpunge))").isOK)
            try await server.fill(1, flags: Flags(.flagged))
            #expect(try await names(client, upTo: "FETCH") == ["EXISTS", "ESEARCH", "ESEARCH", "FETCH"])
            try await server.fill(2)
            var fetches: [IMAPResponse] = []
            while fetches.count < 2 {
                let next = try await client.response()
                if next.name == "FETCH" { fetches.append(next) }
            }
            #expect(Set(fetches[0].items.keys) == ["FLAGS", "UID", "RFC822.SIZE"])
            #expect(Set(fetches[1].items.keys) == ["FLAGS", "UID"])
            try await client.expectSilence()
        }
    }

    @Test("FETCH of a flag that changed stands before the ESEARCH that it brings about (RFC 5465 §5.1)")
    func flagsFirst() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let (client, other) = (try await server.select(), try await server.select())
            #expect(try await client.command("UID SEARCH RETURN (COUNT UPDATE) FLAGGED").isOK)
            #expect(try await client.notify("SET (selected (\(NotifyEvents.flags)))").isOK)
            try await other.command("STORE 1 +FLAGS.SILENT (\\Flagged)")
            #expect(try await names(client, upTo: "ESEARCH") == ["FETCH", "ESEARCH"])
            try await other.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
            #expect(try await client.response().name == "FETCH")
            try await other.command("EXPUNGE")
            #expect(try await names(client, upTo: "EXPUNGE") == ["ESEARCH", "EXPUNGE"])
        }
    }
}
