// IDLE: changes told at once, DONE with more behind it, keep-alives, abuse.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct IdleTests {
    @Test func tellsOfEachChangeAtOnce() async throws {
        try await TestServer.with { server in
            let idler = try await server.select()
            let other = try await server.select()
            try await idler.send("I IDLE\r\n")
            #expect(try await idler.response().tag == "+")
            try await server.fill(1)
            #expect(try await idler.response().name == "EXISTS")
            #expect(try await idler.response().name == "RECENT")
            try await other.command("NOOP")
            try await other.command("STORE 1 +FLAGS (\\Deleted)")
            #expect(try await idler.response().flags?.contains("\\Deleted") == true)
            try await other.command("EXPUNGE")
            #expect(try await idler.response().name == "EXPUNGE")
            try await idler.send("DONE\r\n")
            #expect(try await idler.reply(to: "I").isOK)
        }
    }

    @Test("pitfall 1: commands in one packet with DONE are carried out")
    func doneAndMore() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("DONE\r\nA NOOP\r\nB NOOP\r\n")
            #expect(try await client.reply(to: "I").isOK)
            #expect(try await client.reply(to: "A").isOK)
            #expect(try await client.reply(to: "B").isOK)
        }
    }

    @Test("case 81: other text ends IDLE with BAD; many IDLEs; a mailbox deleted under IDLE")
    func abuse() async throws {
        try await TestServer.with { server in
            let client = try await server.select()
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("NOOP\r\n")
            #expect(try await client.reply(to: "I").isBAD)
            for _ in 0..<200 { client.sendWithoutWaiting(Array("I IDLE\r\nDONE\r\n".utf8)) }
            for _ in 0..<200 {
                #expect(try await client.response().tag == "+")
                #expect(try await client.reply(to: "I").isOK)
            }
            try await client.command("CREATE doomed")
            let doomed = try await server.select("doomed")
            try await doomed.send("I IDLE\r\n")
            #expect(try await doomed.response().tag == "+")
            try await client.command("DELETE doomed")
            #expect(try await doomed.untilClosed().map(\.condition) == ["BYE"])
        }
    }

    @Test func withoutAMailbox() async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await client.send("DONE\r\n")
            #expect(try await client.reply(to: "I").isOK)
        }
    }

    @Test("pitfall 31: IDLE is kept alive, again and again")
    func keepAlive() async throws {
        try await TestServer.with {
            $0.idleKeepAlive = .milliseconds(50)
        } _: { server in
            let client = try await server.select()
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            for _ in 1...3 { #expect(try await client.response().text == "Still here.") }
            try await client.send("DONE\r\n")
            #expect(try await client.reply(to: "I").isOK)
        }
    }

    /// IDLE and its end are begun before the time is over however busy the machine is: what is sent in one packet is
    /// read in one piece, and the time of a command begins with it.
    @Test("pitfall 31: IDLE ends when its time is over, keep-alives or not", arguments: [50, 60_000])
    func ends(keepAlive: Int) async throws {
        try await TestServer.with {
            $0.idleKeepAlive = .milliseconds(keepAlive)
            $0.limits.idleTime = .milliseconds(400)
        } _: { server in
            let client = try await server.connect()
            try await client.send("L LOGIN alice@example.org secret\r\nS SELECT INBOX\r\nI IDLE\r\n")
            #expect(try await client.reply(to: "L").isOK)
            #expect(try await client.reply(to: "S").isOK)
            let all = try await client.untilClosed()
            #expect(all.first?.tag == "+")
            #expect(all.last?.condition == "BYE")
            #expect(all.dropFirst().dropLast().allSatisfy { $0.text == "Still here." })
            #expect(keepAlive < 400 || all.count == 2)
        }
    }
}
