// MODSEQ at the ends of what it can be, and QRESYNC with parameters that are missing, huge, or wrong.

import Mail
import TestSupport
import Testing

@testable import IMAPServer
@testable import MailStore

@Suite struct EdgesTests {
    private static let last = "9223372036854775807"

    /// Wherever a client may name a MODSEQ; `@` is it.
    private static let places = [
        "FETCH 1:* (FLAGS) (CHANGEDSINCE @)", "UID FETCH 1:* (FLAGS) (CHANGEDSINCE @ VANISHED)",
        "UID FETCH 1:* FLAGS (VANISHED CHANGEDSINCE @)", "STORE 1 (UNCHANGEDSINCE @) +FLAGS.SILENT (\\Flagged)",
        "UID STORE 1 (UNCHANGEDSINCE @) FLAGS (\\Flagged)", "SEARCH MODSEQ @", "UID SEARCH NOT MODSEQ @",
        "SEARCH RETURN (COUNT) MODSEQ \"/flags/\\\\seen\" all @", "SORT (DATE) UTF-8 MODSEQ @",
        "THREAD REFS UTF-8 MODSEQ @", "ESEARCH IN (personal) MODSEQ @", "EXAMINE INBOX (QRESYNC (VALIDITY @))",
        "SELECT INBOX (QRESYNC (VALIDITY @ 1:3 (1 1)))",
    ]

    @Test("case 66: what is no MODSEQ is BAD, and changes nothing", arguments: places)
    func wrong(place: String) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let validity = try await server.validity()
            let line = place.replacing("VALIDITY", with: "\(validity)")
            for modSeq in [
                "9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551617",
                "340282366920938463463374607431768211456", String(repeating: "9", count: 1_000), "-1", "+1", "1.5",
                "0x1", "1e3", "*", "", "\"1\"", "NIL",
            ] {
                // A few wrong commands end a session.
                let client = try await server.select(mode: .qresync)
                let reply = try await client.command(line.replacing("@", with: modSeq))
                #expect(reply.isBAD && reply.fetches.isEmpty, "\(modSeq): \(reply.tagged)")
                // The mailbox is selected still.
                let flags = try await client.command("FETCH 1:3 FLAGS").fetches
                #expect(flags.count == 3 && flags.allSatisfy { $0.flags?.contains("\\Flagged") == false })
                await client.close()
            }
        }
    }

    @Test("case 66: the least and the greatest MODSEQ are taken for what they say", arguments: places)
    func atTheEnds(place: String) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let line = place.replacing("VALIDITY", with: "\(try await server.validity())")
            let client = try await server.select(mode: .qresync)
            for modSeq in ["0", "00", "1", "9223372036854775806", Self.last] {
                let reply = try await client.command(line.replacing("@", with: modSeq))
                #expect(reply.isOK, "\(modSeq): \(reply.tagged)")
                let isGreat = modSeq.count > 2
                if line.contains("CHANGEDSINCE ") && !line.contains("UN") || line.contains("QRESYNC") {
                    #expect(reply.fetches.isEmpty == isGreat, "\(modSeq)")
                    #expect(reply.vanishedEarlier.isEmpty)
                }
                if line.contains("UNCHANGEDSINCE") { #expect((reply.code("MODIFIED") == nil) == isGreat, "\(modSeq)") }
                if line.hasPrefix("SEARCH MODSEQ") { #expect(reply.found?.isEmpty == isGreat, "\(modSeq)") }
            }
        }
    }

    @Test("case 66: an account whose MODSEQ is used up refuses changes, and what is there can be read")
    func usedUp() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            try server.alice.file.syncOnWriter { db in
                try db.run("UPDATE account_state SET modseq = ?", .int(.max - 1))
            }
            let client = try await server.select(mode: .qresync)
            // The last one.
            let reply = try await client.command("STORE 1 +FLAGS (\\Flagged)")
            #expect(reply.isOK && reply.fetches.first?.modSeq == UInt64(Int64.max), "\(reply.tagged)")
            #expect(try await client.command("SEARCH MODSEQ \(Self.last)").found == [1])
            for line in ["STORE 1 -FLAGS (\\Flagged)", "APPEND INBOX {6+}\r\na: b\r\n", "COPY 1 Sent", "MOVE 1 Sent"] {
                let refused = try await client.command(line)
                #expect(refused.isNO && refused.code == "CONTACTADMIN", "\(line): \(refused.tagged)")
            }
            let kept = try await client.command("FETCH 1 (FLAGS MODSEQ)").fetches.first
            #expect(kept?.flags?.contains("\\Flagged") == true && kept?.modSeq == UInt64(Int64.max))
            #expect(try await client.command("STATUS INBOX (MESSAGES HIGHESTMODSEQ)").isOK)
            let again = try await server.login(.qresync)
            let since = "SELECT INBOX (QRESYNC (\(try await server.validity()) \(Self.last)))"
            #expect(try await again.command(since).fetches.isEmpty)
        }
    }

    // MARK: QRESYNC

    @Test(
        "case 67: QRESYNC with parameters that are missing or wrong is BAD, and the selected mailbox stays",
        arguments: [
            "(QRESYNC)", "(QRESYNC )", "(QRESYNC ())", "(QRESYNC (V))", "(QRESYNC (V ))", "(QRESYNC V 1)",
            "(QRESYNC (0 1))", "(QRESYNC (4294967296 1))", "(QRESYNC (-1 1))", "(QRESYNC (V 1 ()))",
            "(QRESYNC (V 1 *))", "(QRESYNC (V 1 1:*))", "(QRESYNC (V 1 $))", "(QRESYNC (V 1 0))",
            "(QRESYNC (V 1 4294967296))", "(QRESYNC (V 1 1:3 (1)))", "(QRESYNC (V 1 1:3 (1 1) 1))",
            "(QRESYNC (V 1 (1 1) 1:3))", "(QRESYNC (V 1 1 2))", "(QRESYNC (V 1 1:3 (* *)))", "(QRESYNC (V 1 1 (0 0)))",
            "(QRESYNC (V 1 1 (2,1 1,2)))", "(QRESYNC (V 1 1 (1,1 1,2)))", "(QRESYNC (V 1) QRESYNC (V 1))",
            "(QRESYNC (V 1)", "(QRESYNC (V 1)))", "QRESYNC (V 1)", "(QRESYNC(V 1))", "((V 1))",
            "(QRESYNC (V 1 1:3 1 1))",
        ])
    func wrongResynchronization(parameters: String) async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let validity = try await server.validity()
            let client = try await server.select(mode: .qresync)
            for command in ["SELECT", "EXAMINE"] {
                let line = "\(command) INBOX \(parameters.replacing("V", with: "\(validity)"))"
                let reply = try await client.command(line)
                #expect(reply.isBAD && reply.untagged.isEmpty, "\(line): \(reply.tagged)")
                #expect(try await client.command("FETCH 1:* UID").fetches.count == 3)
            }
        }
    }

    @Test("case 67: another UIDVALIDITY, also the next and the last one, is a plain SELECT")
    func otherValidity() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let validity = try await server.validity()
            // From then on they are \Recent to nobody.
            try await server.select().close()
            let client = try await server.login(.qresync)
            let plain = try await client.command("SELECT INBOX")
            for other in [1, validity + 1, validity - 1, 4_294_967_295] where other > 0 && other != validity {
                for rest in ["0", "1 1:4294967295", "1 1:3 (1:3 1:3)", "\(Self.last)"] {
                    try await client.command("UNSELECT")
                    let reply = try await client.command("SELECT INBOX (QRESYNC (\(other) \(rest)))")
                    #expect(reply.isOK && reply.fetches.isEmpty && reply.data("VANISHED").isEmpty)
                    #expect(reply.untagged.map(\.values) == plain.untagged.map(\.values))
                }
            }
        }
    }

    @Test("case 67: sets that name everything, or much that is not there, cost what is there")
    func hugeSets() async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let validity = try await server.validity()
            let actor = try await server.select()
            try await actor.command("STORE 2,4 +FLAGS.SILENT (\\Deleted)")
            try await actor.command("EXPUNGE")
            let client = try await server.login(.qresync)
            let every = (1...900).map { "\($0 * 2)" }.joined(separator: ",")
            let ranges = (1...500).map { "\($0 * 8_000_000):\($0 * 8_000_000 + 7_999_998)" }.joined(separator: ",")
            for (known, gone, changed) in [
                ("1:4294967295", [2, 4], [1, 3, 5]), ("4294967295", [], []), ("6:4294967295", [], []),
                ("1:5 (1:4294967295 1:4294967295)", [2, 4], [1, 3, 5]),
                ("1:5 (4294967295 4294967295)", [2, 4], [1, 3, 5]), ("1:5 (1:3 1,3,5)", [], [1, 3, 5]),
                ("1:5 (2:4294967295 3:4294967295)", [4], [1, 3, 5]), (every, [2, 4], []),
                ("1,\(ranges)", [], [1]), ("1:2,1:2,2:1,5:1", [2, 4], [1, 3, 5]),
                ("1:5 (\(every) \(every))", [2, 4], [1, 3, 5]),
            ] as [(String, [UInt64], [UInt64])] {
                let reply = try await client.command("SELECT INBOX (QRESYNC (\(validity) 1 \(known)))")
                #expect(reply.isOK && reply.exists == 3, "\(known.prefix(60)): \(reply.tagged)")
                #expect(reply.vanishedEarlier == gone, "\(known.prefix(60))")
                #expect(reply.fetches.compactMap(\.uid) == changed, "\(known.prefix(60))")
            }
            let many = (1...10_000).map { "\($0)" }.joined(separator: ",")
            let reply = try await client.command("SELECT INBOX (QRESYNC (\(validity) 1 \(many)))")
            #expect(reply.vanishedEarlier == [2, 4], "\(reply.tagged)")
        }
    }
}
