// Searches that are kept up to date: what their client makes of ADDTO and REMOVEFROM is what a new search finds.

import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ContextTests {
    @Test("RFC 5267 §4.3: flags, new and expunged messages, in each mode", arguments: ClientMode.allCases)
    func updates(mode: ClientMode) async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.fill(6)
            let client = try await server.select(mode: mode)
            let other = try await server.select()
            let start = try await client.command("UID SEARCH RETURN (ALL UPDATE) FLAGGED")
            #expect(start.isOK && start.esearch?.found == [])
            let tag = start.tagged.tag
            try await other.command("STORE 2,4 +FLAGS.SILENT (\\Flagged)")
            let added = try await client.command("NOOP")
            #expect(added.esearch?.tag == tag && added.esearch?.isUID == true)
            #expect(added.esearch?.updates == [.init(isAddition: true, place: 0, numbers: [2, 4])])
            try await other.command("STORE 2 -FLAGS.SILENT (\\Flagged)")
            try await other.command("STORE 5 +FLAGS.SILENT (\\Flagged \\Deleted)")
            let changed = try await client.command("NOOP").esearch
            #expect(changed?.applied(to: [2, 4]) == [4, 5])
            try await other.command("EXPUNGE")
            try await server.fill(1, flags: Flags(.flagged))
            let gone = try await client.command("NOOP")
            #expect(gone.esearches.reduce([4, 5]) { $1.applied(to: $0) ?? [] } == [4, 7])
            #expect(try await client.command("NOOP").esearches.isEmpty)
            // One's own STORE too, silent or not.
            #expect(
                try await client.command("UID STORE 1 +FLAGS.SILENT (\\Flagged)").esearch?.applied(to: [4, 7]) == [
                    1, 4, 7,
                ])
            #expect(try await client.command("CANCELUPDATE \"\(tag)\"").isOK)
            #expect(try await client.command("UID STORE 3 +FLAGS.SILENT (\\Flagged)").esearches.isEmpty)
            #expect(try await client.command("CANCELUPDATE \"\(tag)\"").isNO)
        }
    }

    @Test("REMOVEFROM by number comes before its EXPUNGE, ADDTO by number after its EXISTS")
    func order() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.fill(5)
            let client = try await server.select()
            let other = try await server.select()
            #expect(try await client.command("SEARCH RETURN (UPDATE COUNT) ALL").esearch?.count == 5)
            try await other.command("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            try await server.fill(1)
            let reply = try await client.command("NOOP")
            let names = reply.untagged.compactMap(\.name)
            #expect(names.filter { $0 != "RECENT" } == ["ESEARCH", "EXPUNGE", "EXPUNGE", "EXISTS", "ESEARCH"])
            #expect(reply.esearches.first?.updates == [.init(isAddition: false, place: 0, numbers: [2, 4])])
            #expect(reply.esearches.last?.updates == [.init(isAddition: true, place: 0, numbers: [4])])
        }
    }

    @Test("RFC 5267 §4.3.3: places in a sorted list")
    func sorted() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.deliver(["d", "b", "f", "b"].map { "Subject: \($0)\r\n\r\nx\r\n" })
            let client = try await server.select()
            let other = try await server.select()
            let search = "UID SORT RETURN (ALL UPDATE) (SUBJECT) UTF-8 UNDELETED"
            var list = try #require(try await client.command(search).esearch?.found)
            #expect(list == [2, 4, 1, 3])
            try await server.deliver(["a", "c", "e", "c", "z"].map { "Subject: \($0)\r\n\r\nx\r\n" })
            var reply = try await client.command("NOOP")
            list = reply.esearches.reduce(list) { $1.applied(to: $0) ?? [] }
            #expect(list == [5, 2, 4, 6, 8, 1, 7, 3, 9])
            try await other.command("NOOP")
            try await other.command("UID STORE 2,4,9 +FLAGS.SILENT (\\Deleted)")
            reply = try await client.command("NOOP")
            list = reply.esearches.reduce(list) { $1.applied(to: $0) ?? [] }
            #expect(list == [5, 6, 8, 1, 7, 3])
            try await other.command("UID STORE 4 -FLAGS.SILENT (\\Deleted)")
            try await other.command("UID STORE 1 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            reply = try await client.command("NOOP")
            list = reply.esearches.reduce(list) { $1.applied(to: $0) ?? [] }
            #expect(list == [5, 4, 6, 8, 7, 3])
        }
    }

    @Test(
        "three sessions change a mailbox; each one's context follows, whatever happens", arguments: ClientMode.allCases)
    func threeSessions(mode: ClientMode) async throws {
        var generator = SeededRandom()
        let seed = UInt64.random(in: 1 ... .max, using: &generator)
        try await TestServer.with { server async throws -> Void in
            var state = seed
            func random(_ count: UInt64) -> UInt64 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return (state >> 33) % count
            }
            try await server.fill(8)
            var clients: [IMAPTestClient] = []
            var lists: [[UInt64]] = []
            for (index, search) in ["SEARCH", "SORT", "SEARCH"].enumerated() {
                let client = try await server.select(mode: mode)
                let key = search == "SORT" ? "(REVERSE SUBJECT) UTF-8 OR FLAGGED BODY 3" : "OR FLAGGED UNSEEN"
                let reply = try await client.command("UID \(search) RETURN (ALL UPDATE) \(key)")
                lists.append(try #require(reply.esearch, "session \(index)").found)
                clients.append(client)
            }
            for step in 0..<60 {
                let client = clients[step % 3]
                let command: String
                switch random(8) {
                case 0: command = "EXPUNGE"
                case 1:
                    try await server.fill(1)
                    command = "NOOP"
                case 2: command = "UID STORE \(1 + random(12)) +FLAGS.SILENT (\\Deleted)"
                case 3, 4: command = "UID STORE \(1 + random(12)):\(1 + random(12)) FLAGS (\\Flagged)"
                default: command = "UID STORE \(1 + random(12)) FLAGS (\\Seen)"
                }
                let reply = try await client.command(command)
                for update in reply.esearches {
                    let applied = update.applied(to: lists[step % 3])
                    lists[step % 3] = try #require(
                        applied, "seed \(seed), step \(step): \(update) on \(lists[step % 3])")
                }
            }
            for (index, client) in clients.enumerated() {
                for update in try await client.command("NOOP").esearches {
                    lists[index] = try #require(update.applied(to: lists[index]), "seed \(seed)")
                }
                let now =
                    index == 1
                    ? try await client.command("UID SORT (REVERSE SUBJECT) UTF-8 OR FLAGGED BODY 3").sorted
                    : try await client.command("UID SEARCH OR FLAGGED UNSEEN").found
                #expect(lists[index] == now, "seed \(seed), session \(index)")
            }
        }
    }

    @Test("IDLE tells of changes as they come")
    func idle() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.fill(2)
            let client = try await server.select()
            try await client.command("UID SEARCH RETURN (UPDATE) FLAGGED")
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await server.fill(1, flags: Flags(.flagged))
            while true {
                let response = try await client.response()
                guard let update = ESearchReply(response) else { continue }
                #expect(update.applied(to: []) == [3])
                break
            }
            try await client.send("DONE\r\n")
            #expect(try await client.reply(to: "I").isOK)
        }
    }

    @Test("RFC 5267 §4.3: a tag in use is BAD; too many contexts, or too many results of a sort, are NOUPDATE")
    func limits() async throws {
        try await TestServer.with {
            $0.limits.contexts = 2
            $0.limits.sortedContext = 1
        } _: { server async throws -> Void in
            try await server.fill(3)
            let client = try await server.select()
            func command(_ tag: String, _ text: String) async throws -> IMAPReply {
                try await client.send("\(tag) \(text)\r\n")
                return try await client.reply(to: tag)
            }
            #expect(try await command("x", "SORT RETURN (UPDATE COUNT) (DATE) UTF-8 ALL").code("NOUPDATE") == "\"x\"")
            #expect(try await command("x", "SEARCH RETURN (UPDATE COUNT) ALL").code("NOUPDATE") == nil)
            #expect(try await command("x", "SEARCH RETURN (UPDATE) ALL").isBAD)
            #expect(try await command("x", "SORT RETURN (UPDATE) (DATE) UTF-8 ALL").isBAD)
            #expect(try await command("x", "SEARCH RETURN (CONTEXT COUNT) ALL").esearch?.count == 3)
            #expect(try await command("y", "SORT RETURN (UPDATE COUNT) (DATE) UTF-8 1").code("NOUPDATE") == nil)
            let third = try await command("z", "SEARCH RETURN (UPDATE COUNT) ALL")
            #expect(third.isOK && third.code("NOUPDATE") == "\"z\"" && third.esearch?.count == 3)
            #expect(try await command("c", "CANCELUPDATE \"x\" \"y\"").isOK)
            #expect(try await command("z", "SEARCH RETURN (UPDATE COUNT) ALL").code("NOUPDATE") == nil)
            // They end with the selection.
            #expect(try await command("s", "SELECT INBOX").isOK)
            #expect(try await command("d", "CANCELUPDATE \"z\"").isNO)
        }
    }

    @Test("sequence numbers in a context are those of the moment it was made")
    func frozen() async throws {
        try await TestServer.with { server async throws -> Void in
            try await server.fill(4)
            let client = try await server.select()
            let other = try await server.select()
            #expect(try await client.command("UID SEARCH RETURN (ALL UPDATE) 3:* FLAGGED").esearch?.found == [])
            try await other.command("STORE 1 +FLAGS.SILENT (\\Deleted)")
            try await other.command("EXPUNGE")
            try await server.fill(1, flags: Flags(.flagged))
            try await other.command("UID STORE 2,3 +FLAGS.SILENT (\\Flagged)")
            #expect(try await client.command("NOOP").esearch?.applied(to: []) == [3])
        }
    }
}
