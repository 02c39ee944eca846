// A capability that is switched off for an account is not there for its logins.

import Accounts
import IMAPSyntax
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CapabilitySwitchesTests {
    @Test("everything that is advertised after the login can be switched off, but for IMAP4rev1 itself")
    func everyNameIsKnown() {
        let all = Capabilities.list(.init(isAuthenticated: true, offersSTARTTLS: false, mayLogIn: true))
        let fixed: Set<String> = ["IMAP4REV1", "LITERAL+", "LITERAL-"]
        let switchable = IMAPCapabilities.standard.union(IMAPCapabilities.onRequest)
        for name in all.map({ $0.uppercased() }) where !fixed.contains(name) && !name.hasPrefix("RIGHTS=") {
            let family = name.hasPrefix("APPENDLIMIT=") ? "APPENDLIMIT" : name
            #expect(switchable.contains(family), "\(name)")
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let commands: [String]
        init(_ name: String, _ commands: String...) {
            testDescription = name
            self.commands = commands
        }
    }

    @Test(
        "what is disabled is not advertised, cannot be enabled, and its commands are unknown",
        arguments: [
            Row("MOVE", "MOVE 1 Trash", "UID MOVE 1 Trash"), Row("IDLE", "IDLE"), Row("NAMESPACE", "NAMESPACE"),
            Row("UNSELECT", "UNSELECT"), Row("UIDPLUS", "UID EXPUNGE 1:*"), Row("ID", "ID NIL"),
            Row("ENABLE", "ENABLE UTF8=ACCEPT"), Row("UNAUTHENTICATE", "UNAUTHENTICATE"),
            Row(
                "CONDSTORE", "SELECT INBOX (CONDSTORE)", "FETCH 1 MODSEQ", "FETCH 1 FLAGS (CHANGEDSINCE 1)",
                "STORE 1 (UNCHANGEDSINCE 9) +FLAGS (\\Seen)", "STATUS INBOX (HIGHESTMODSEQ)", "SEARCH MODSEQ 1"),
            Row("STATUS=SIZE", "STATUS INBOX (SIZE)", "LIST \"\" * RETURN (STATUS (SIZE))"),
            Row("LIST-STATUS", "LIST \"\" * RETURN (STATUS (MESSAGES))"),
            Row("ESEARCH", "SEARCH RETURN (COUNT) ALL"), Row("SEARCHRES", "SEARCH $", "SEARCH RETURN (SAVE) ALL"),
            Row("WITHIN", "SEARCH OLDER 9"), Row("COMPRESS=DEFLATE", "COMPRESS DEFLATE"),
        ])
    func disabled(_ row: Row) async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            let name = row.testDescription
            try await server.administration.switchCapabilities([name], of: "alice@example.org", to: false)
            let client = try await server.select()
            let offered = try await client.command("CAPABILITY").data("CAPABILITY")[0].values.compactMap(\.text)
            #expect(!offered.contains(name))
            for command in row.commands { #expect(try await client.command(command).isBAD, "\(command)") }
            #expect(try await client.command("FETCH 1:2 FLAGS").fetches.count == 2)
            // The switch on again: from the next login on.
            try await server.administration.switchCapabilities([name], of: "alice@example.org", to: true)
            let next = try await server.login()
            #expect(
                try await next.command("CAPABILITY").data("CAPABILITY")[0].values.compactMap(\.text).contains(name))
        }
    }

    @Test("an extension that is disabled cannot be enabled; what it told is not told")
    func notEnabled() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            try await server.administration.switchCapabilities(
                ["CONDSTORE", "UIDPLUS", "UTF8=ACCEPT"], of: "alice@example.org", to: false)
            let client = try await server.login()
            let reply = try await client.command("ENABLE QRESYNC CONDSTORE UTF8=ACCEPT")
            #expect(reply.isOK && reply.data("ENABLED")[0].values.count == 1)
            #expect(try await client.command("SELECT INBOX").code("HIGHESTMODSEQ") == nil)
            #expect(try await client.command("COPY 1 Sent").code == nil)
            #expect(try await client.command("MOVE 1 Trash").untagged.allSatisfy { $0.code == nil })
            #expect(try await client.append("INBOX", Sample.message(1)).code == nil)
        }
    }
}
