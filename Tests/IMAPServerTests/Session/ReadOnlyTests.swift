// A login that may only read: every command against the table, and nothing changed at the end.

import Accounts
import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ReadOnlyTests {
    @Test func theCommandsThatChangeMail() {
        let changing = Set(CommandName.allCases.filter { CommandTable.rule(for: $0).changesMail })
        #expect(
            changing == [
                .create, .delete, .rename, .subscribe, .unsubscribe, .append, .store, .expunge, .copy, .move,
                .setACL, .deleteACL, .setQuota, .setMetadata, .replace,
            ])
        // What needs a writable mailbox changes it.
        for name in CommandName.allCases where CommandTable.rule(for: name).needsWritableMailbox {
            #expect(changing.contains(name))
        }
    }

    /// A client with an app password that may only read.
    private func reader(_ server: TestServer) async throws -> IMAPTestClient {
        let password = try await server.appPassword([.imap, .readOnly]).secret
        let client = try await server.connect()
        #expect(try await client.login("alice@example.org", password).isOK)
        return client
    }

    private struct Contents: Equatable {
        var mailboxes: [String]
        var subscriptions: [String]
        var flags: [String]
    }

    /// What another client sees.
    private func contents(_ server: TestServer) async throws -> Contents {
        let client = try await server.login()
        try await client.command("EXAMINE INBOX")
        return Contents(
            mailboxes: try await client.command("LIST \"\" *").untagged.map { "\($0.values)" },
            subscriptions: try await client.command("LSUB \"\" *").untagged.map { "\($0.values)" },
            flags: try await client.command("FETCH 1:* (UID FLAGS)").untagged.map { "\($0.values)" })
    }

    @Test("read-only: each command that changes something is NO [NOPERM], every other one works")
    func matrix() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let before = try await contents(server)
            let client = try await reader(server)
            #expect(try await client.command("SELECT INBOX").code == "READ-ONLY")
            for (name, line) in CommandTableTests.lines {
                let rule = CommandTable.rule(for: name)
                // The one ends the login that is looked at; of the other there is nothing to cancel.
                guard rule.states.contains(.selected), name != .unauthenticate, name != .cancelUpdate else { continue }
                let reply = try await client.command(line)
                if rule.changesMail {
                    #expect(reply.isNO && reply.code == "NOPERM", "\(line): \(reply.tagged)")
                } else {
                    #expect(reply.isOK, "\(line): \(reply.tagged)")
                }
                try await client.command("SELECT INBOX")
            }
            // More refusals than bad commands are allowed: a mail program that tries does nothing bad.
            for _ in 1...30 { #expect(try await client.command("STORE 1 +FLAGS (\\Seen)").code == "NOPERM") }
            #expect(try await contents(server) == before)
        }
    }

    @Test("read-only: a message is refused before its literal, and one that comes unasked is swallowed")
    func append() async throws {
        try await TestServer.with { server in
            let client = try await reader(server)
            #expect(try await client.append("INBOX", "Subject: x\r\n\r\n").code == "NOPERM")
            try await client.send("A APPEND INBOX {12+}\r\nB CREATE x\r\n\r\nC NOOP\r\n")
            #expect(try await client.reply(to: "A").code == "NOPERM")
            #expect(try await client.reply(to: "C").isOK)
            #expect(try await client.command("CREATE", literal: Array("box".utf8)).code == "NOPERM")
            #expect(try await client.command("STATUS INBOX (MESSAGES)").isOK)
        }
    }

    @Test("read-only: SELECT is EXAMINE, \\Seen and \\Recent stay as they are, CLOSE expunges nothing")
    func looksOnly() async throws {
        try await TestServer.with { server in
            try await server.fill(1, flags: Flags(.deleted))
            try await server.fill(1)
            let client = try await reader(server)
            let selected = try await client.command("SELECT INBOX")
            #expect(selected.isOK && selected.code == "READ-ONLY")
            #expect(selected.untagged.contains { $0.code?.hasPrefix("PERMANENTFLAGS ()") == true })
            #expect(selected.untagged.contains { $0.name == "RECENT" && $0.number == 2 })
            let fetched = try await client.command("FETCH 1:2 (BODY[] RFC822 FLAGS)")
            #expect(fetched.isOK && fetched.fetches.count == 2)
            for response in fetched.fetches { #expect(response.flags?.contains("\\Seen") == false) }
            #expect(try await client.command("CLOSE").isOK)
            #expect(try await client.command("SELECT INBOX").exists == 2)

            let writer = try await server.login()
            let first = try await writer.command("SELECT INBOX")
            #expect(first.code == "READ-WRITE" && first.exists == 2)
            #expect(first.untagged.contains { $0.name == "RECENT" && $0.number == 2 })
            #expect(try await writer.command("STORE 1 +FLAGS (\\Seen)").isOK)
        }
    }

    @Test("read-only: what others change is seen, also in IDLE")
    func sees() async throws {
        try await TestServer.with { server in
            let client = try await reader(server)
            try await client.command("SELECT INBOX")
            try await client.send("I IDLE\r\n")
            #expect(try await client.response().tag == "+")
            try await server.fill(1)
            #expect(try await client.response().name == "EXISTS")
        }
    }
}
