// What other servers got wrong in the flow of the protocol: `*`, odd literals, empty texts, what a client says it is.

import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct PitfallProtocolTests {
    @Test(
        "pitfall 5: `*` is the last message on either side, and is always there",
        arguments: [
            ("FETCH *:3 UID", [3, 4, 5]), ("FETCH 3:* UID", [3, 4, 5]), ("FETCH 5:2 UID", [2, 3, 4, 5]),
            ("FETCH * UID", [5]), ("FETCH *:* UID", [5]), ("UID FETCH 900:* FLAGS", [5]),
            ("UID FETCH *:900 FLAGS", [5]), ("UID FETCH 4294967295:* FLAGS", [5]), ("UID FETCH 900 FLAGS", []),
            ("UID FETCH 4:900 FLAGS", [4, 5]),
        ] as [(String, [UInt64])])
    func star(command: String, numbers: [UInt64]) async throws {
        try await TestServer.with { server in
            try await server.fill(5)
            let client = try await server.select()
            let reply = try await client.command(command)
            #expect(reply.isOK)
            #expect(reply.fetches.compactMap(\.number) == numbers)
        }
    }

    @Test(
        "pitfall 13: UTF8 (~{…} without ENABLE is refused, and its literal is eaten",
        arguments: ["+", ""], ["A9 DELETE Sent\r\n", "\"\r\nA9 DELETE Sent\r\n"])
    func appendUTF8(plus: String, inside: String) async throws {
        try await TestServer.with { server in
            let client = try await server.login()
            let message = "Subject: x\r\n\r\n\(inside)"
            try await client.send("A1 APPEND INBOX UTF8 (~{\(message.utf8.count)\(plus)}\r\n")
            if plus == "+" { try await client.send("\(message))\r\n") }
            let refusal = try await client.response()
            #expect(refusal.tag == "A1" && ["BAD", "NO"].contains(refusal.condition))
            // Were a byte of the message taken for a command, another reply would stand before this one.
            let next = try await client.command("LIST \"\" Sent")
            #expect(next.isOK && next.data("LIST").count == 1)
        }
    }

    @Test("pitfall 23: every status response has its text")
    func texts() async throws {
        let commands = [
            "CAPABILITY", "NOOP", "ID NIL", "NAMESPACE", "ENABLE X", "LIST \"\" *", "LSUB \"\" *", "CREATE a",
            "SUBSCRIBE a", "STATUS a (MESSAGES)", "SELECT a", "EXAMINE INBOX", "SELECT INBOX", "CHECK", "SEARCH ALL",
            "FETCH 1:* FLAGS", "STORE 1 +FLAGS (\\Seen)", "COPY 1 a", "UID COPY 900 a", "MOVE 1 a", "EXPUNGE",
            "UID EXPUNGE 1", "CLOSE", "SELECT INBOX", "UNSELECT", "RENAME a b", "UNSUBSCRIBE a", "DELETE b", "SELECT b",
            "NONSENSE", "FETCH 1 FLAGS", "LOGOUT",
        ]
        // The client's reader refuses a status response without text; here every kind of them passes through it.
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.login()
            for command in commands {
                let reply = try await client.command(command)
                let statuses = (reply.untagged + [reply.tagged]).filter { $0.condition != nil }
                for status in statuses { #expect(!status.text.isEmpty, "\(command): \(status)") }
            }
        }
    }

    @Test("pitfall 30: UIDONLY is offered to nobody who did not ask the administrator for it")
    func uidOnly() async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let client = try await server.login()
            #expect(
                try await client.command("CAPABILITY").data("CAPABILITY").first?.values.contains(.atom("UIDONLY"))
                    == false)
            #expect(try await client.command("ENABLE UIDONLY").data("ENABLED").allSatisfy { $0.values.count == 1 })
            try await client.command("SELECT INBOX")
            #expect(try await client.command("FETCH 1 FLAGS").fetches.count == 1)
        }
    }

    @Test(
        "pitfall 33: bad base64 in AUTHENTICATE harms nobody else's login",
        arguments: [
            "AUTHENTICATE PLAIN ====", "AUTHENTICATE PLAIN A", "AUTHENTICATE PLAIN \u{1}", "AUTHENTICATE PLAIN =",
        ])
    func badBase64(command: String) async throws {
        try await TestServer.with { server in
            let bad = try await server.connect()
            let beside = try await server.connect()
            #expect(try await !bad.command(command).isOK)
            #expect(try await beside.login().isOK)
            #expect(try await server.connect().login().isOK)
        }
    }

    @Test("pitfall 34: what a client calls itself changes no reply")
    func id() async throws {
        let names = ["iPhone Mail", "Mac OS X Mail", "Outlook-iOS-Android", "Thunderbird", "K-9 Mail"]
        let commands = [
            "CAPABILITY", "LIST \"\" *", "LSUB \"\" *", "SELECT INBOX", "SEARCH TEXT body", "SEARCH SUBJECT \"numb\"",
            "FETCH 1:* (ENVELOPE BODYSTRUCTURE FLAGS)", "UID FETCH 1:* (BODY.PEEK[])", "STORE 1 +FLAGS (\\Flagged)",
            "STORE 1 -FLAGS (\\Flagged)", "NOOP", "CLOSE",
        ]
        try await TestServer.with { server in
            try await server.fill(3)
            // Takes \Recent, so that all that come after see the same.
            _ = try await server.select()
            var transcripts: [[String]] = []
            for name in [nil] + names.map(Optional.some) {
                let client = try await server.connect()
                if let name { try await client.command("ID (\"name\" \"\(name)\" \"version\" \"18.1\")") }
                try await client.login()
                if let name { try await client.command("ID (\"name\" \"\(name)\" \"os\" \"iOS\")") }
                var transcript: [String] = []
                for command in commands {
                    let reply = try await client.command(command)
                    // HIGHESTMODSEQ grows with each transcript's changes.
                    let told = reply.untagged.filter { $0.code?.hasPrefix("HIGHESTMODSEQ") != true }
                    transcript.append("\(command): \(told) \(reply.tagged.text) \(reply.code ?? "")")
                }
                transcripts.append(transcript)
            }
            for other in transcripts.dropFirst() { #expect(other == transcripts[0]) }
        }
    }
}
