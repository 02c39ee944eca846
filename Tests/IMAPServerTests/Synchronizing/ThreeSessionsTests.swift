// Each way in which a mailbox changes, made by a session in each mode, as others hear of it: three that ask and three
// that idle, one in each mode.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ThreeSessionsTests {
    /// What happens to an INBOX with five messages, of which 2 and 4 are \Deleted.
    struct Change: Sendable, CustomTestStringConvertible {
        /// A command, or what the store does by itself.
        let testDescription: String
        var gone: [UInt64] = []
        var new = 0
        /// Whose flags others are told.
        var changed: [UInt64] = []

        init(_ command: String, gone: [UInt64] = [], new: Int = 0, changed: [UInt64] = []) {
            testDescription = command
            self.gone = gone
            self.new = new
            self.changed = changed
        }
    }

    static let message = "{6+}\r\nA: b\r\n"
    static let changes: [Change] = [
        Change("STORE 1,3 +FLAGS (\\Flagged)", changed: [1, 3]),
        Change("STORE 1,3 FLAGS.SILENT (\\Answered Word)", changed: [1, 3]),
        Change("UID STORE 2 -FLAGS (\\Deleted)", changed: [2]), Change("STORE 5 -FLAGS (\\Flagged)"),
        Change("FETCH 1 BODY[]", changed: [1]), Change("UID FETCH 3:5 (BODY[TEXT])", changed: [3, 4, 5]),
        Change("FETCH 2 BINARY[1]", changed: [2]), Change("FETCH 1:* (BODY.PEEK[] PREVIEW)"),
        Change("EXPUNGE", gone: [2, 4]), Change("UID EXPUNGE 4:*", gone: [4]), Change("CLOSE", gone: [2, 4]),
        Change("UNSELECT"), Change("EXAMINE INBOX"), Change("MOVE 1,5 Trash", gone: [1, 5]),
        Change("UID MOVE 3 INBOX", gone: [3], new: 1), Change("COPY 1:3 INBOX", new: 3), Change("COPY 1:3 Sent"),
        Change("APPEND INBOX \(message)", new: 1),
        Change("APPEND INBOX (\\Seen) \(message) (\\Draft) \(message)", new: 2),
        Change("APPEND INBOX CATENATE (URL \"/INBOX/;UID=1\" TEXT {4+}\r\nmore)", new: 1),
        Change("REPLACE 3 INBOX (\\Seen) \(message)", gone: [3], new: 1),
        Change("UID REPLACE 5 Drafts \(message)", gone: [5]),
        Change("RENAME INBOX Elsewhere", gone: [1, 2, 3, 4, 5]),
        Change("SETMETADATA INBOX (/private/comment \"x\")"), Change("SUBSCRIBE INBOX"),
        Change("undelete", new: 1), Change("deliver", new: 2), Change("purge"),
    ]

    /// One who looks on, and what it knew before.
    private struct Watcher {
        let client: IMAPTestClient
        let mode: ClientMode
        /// Of a NOOP before the change: nothing.
        let silence: IMAPReply
        var idleTag: String?
    }

    @Test(
        "every change is told to each session once, whole and in its own way", arguments: changes, ClientMode.allCases)
    func told(_ change: Change, mode: ClientMode) async throws {
        try await TestServer.with { server in
            try await Self.prepare(server)
            let actor = try await server.select(mode: mode)
            var watchers: [Watcher] = []
            for mode in ClientMode.allCases {
                for idles in [false, true] {
                    let client = try await server.select(mode: mode)
                    let silence = try await client.command("NOOP")
                    #expect(silence.untagged.isEmpty)
                    watchers.append(
                        Watcher(client: client, mode: mode, silence: silence, idleTag: idles ? client.nextTag() : nil))
                    guard idles, let tag = watchers.last?.idleTag else { continue }
                    try await client.send("\(tag) IDLE\r\n")
                    #expect(try await client.response().tag == "+")
                }
            }
            try await Self.carryOut(change, server, actor)
            let after = try await server.select()
            let truth = try await after.command("UID FETCH 1:* FLAGS").fetches
            #expect(truth.count == 5 - change.gone.count + change.new)
            for watcher in watchers {
                let reply = try await Self.hear(watcher, change)
                try Self.check(reply, of: watcher, change, truth)
                #expect(try await watcher.client.command("NOOP").untagged.isEmpty)
            }
        }
    }

    private static func prepare(_ server: TestServer) async throws {
        try await server.fill(5)
        let first = try await server.select()
        try await first.command("STORE 2,4 +FLAGS (\\Deleted)")
        // Something that can be brought back, and space that can be had again.
        try await server.fill(1, to: "Junk")
        try await first.command("SELECT Junk")
        try await first.command("STORE 1 +FLAGS (\\Deleted)")
        try await first.command("CLOSE")
    }

    private static func carryOut(_ change: Change, _ server: TestServer, _ actor: IMAPTestClient) async throws {
        switch change.testDescription {
        case "undelete":
            let outcome = try await server.alice.undelete(ExpungedChoice(), into: .inbox)
            #expect(outcome.messages == 1)
        case "deliver": try await server.fill(2)
        case "purge": #expect(try await server.alice.purge(expungedBefore: .max).messages == 1)
        default:
            let reply = try await actor.command(change.testDescription)
            #expect(reply.isOK, "\(reply.tagged)")
        }
    }

    /// What a watcher hears: of one who idles all that comes until nothing is missing, and until it is DONE.
    private static func hear(_ watcher: Watcher, _ change: Change) async throws -> IMAPReply {
        guard let tag = watcher.idleTag else { return try await watcher.client.command("NOOP") }
        var heard: [IMAPResponse] = []
        while true {
            var reply = watcher.silence
            reply.untagged = heard
            let isWhole =
                watcher.client.gone(reply, of: [1, 2, 3, 4, 5]) == change.gone
                && (change.new == 0 || reply.exists == UInt64(5 - change.gone.count + change.new))
                && reply.fetches.count >= change.changed.count
            if isWhole { break }
            heard.append(try await watcher.client.response())
        }
        try await watcher.client.send("DONE\r\n")
        var reply = try await watcher.client.reply(to: tag)
        reply.untagged = heard + reply.untagged
        return reply
    }

    private static func check(
        _ reply: IMAPReply, of watcher: Watcher, _ change: Change, _ truth: [IMAPResponse]
    ) throws {
        let mode = watcher.mode
        #expect(reply.isOK)
        #expect(watcher.client.gone(reply, of: [1, 2, 3, 4, 5]) == change.gone, "\(mode)")
        #expect(reply.data(mode == .qresync ? "EXPUNGE" : "VANISHED").isEmpty)
        let left = UInt64(5 - change.gone.count)
        #expect(reply.data("EXISTS").compactMap(\.number) == (change.new == 0 ? [] : [left + UInt64(change.new)]))
        #expect((mode == .rev2 || change.new == 0) == reply.data("RECENT").isEmpty)
        let uids = truth.compactMap(\.uid)
        for row in reply.fetches {
            let number = Int(row.number ?? 0)
            let uid = try #require(uids.indices.contains(number - 1) ? uids[number - 1] : nil)
            #expect(row.uid == (mode == .rev1 ? nil : uid))
            #expect((row.modSeq != nil) == (mode == .qresync))
            #expect(row.flags?.subtracting(["\\Recent"]) == truth[number - 1].flags?.subtracting(["\\Recent"]))
        }
        #expect(reply.fetches.compactMap(\.number).map { uids[Int($0) - 1] } == change.changed)
    }
}
