// A capability that is switched off for an account is not there for its logins.

import Accounts
import IMAPSyntax
import Mail
import MailStore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct CapabilitySwitchesTests {
    @Test("everything that is advertised after the login can be switched off, but for IMAP4rev1 itself")
    func everyNameIsKnown() {
        let all = Capabilities.list(.init(isAuthenticated: true, offersSTARTTLS: false, mayLogIn: true))
        let fixed: Set<String> = ["IMAP4REV1"]
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
            Row("ESEARCH", "SEARCH RETURN (COUNT) ALL"), Row("COMPRESS=DEFLATE", "COMPRESS DEFLATE"),
            Row(
                "SEARCHRES", "SEARCH $", "SEARCH RETURN (SAVE) ALL", "UID SORT RETURN (SAVE) (DATE) UTF-8 ALL",
                "FETCH $ FLAGS", "STORE $ +FLAGS (\\Seen)", "COPY $ Trash", "UID MOVE $ Trash"),
            Row("WITHIN", "SEARCH OLDER 9", "SORT (DATE) UTF-8 YOUNGER 9", "THREAD REFS UTF-8 (NOT OLDER 9)"),
            Row("SEARCH=FUZZY", "SEARCH FUZZY TEXT x", "SORT (RELEVANCY) UTF-8 FUZZY TEXT x"),
            Row("OBJECTID", "SEARCH EMAILID M1", "FETCH 1 THREADID", "ESEARCH IN (inboxes) THREADID T1"),
            Row("SAVEDATE", "SEARCH SAVEDATESUPPORTED", "SEARCH SAVEDON 1-Jan-2020", "FETCH 1 SAVEDATE"),
            Row("PARTIAL", "SEARCH RETURN (PARTIAL 1:2) ALL", "UID FETCH 1:* FLAGS (PARTIAL 1:2)"),
            Row("SORT=DISPLAY", "SORT (DISPLAYFROM) UTF-8 ALL", "SORT (DATE REVERSE DISPLAYTO) UTF-8 ALL"),
            Row("ESORT", "SORT RETURN (COUNT) (DATE) UTF-8 ALL"),
            Row("CONTEXT=SEARCH", "SEARCH RETURN (UPDATE) ALL", "SEARCH RETURN (CONTEXT COUNT) ALL"),
            Row("CONTEXT=SORT", "SORT RETURN (UPDATE) (DATE) UTF-8 ALL"),
            Row("THREAD=REFERENCES", "THREAD REFERENCES UTF-8 ALL"), Row("THREAD=REFS", "UID THREAD REFS UTF-8 ALL"),
            Row("MULTISEARCH", "ESEARCH IN (inboxes) ALL"), Row("FILTERS", "SEARCH FILTER x"),
            Row("LIST-EXTENDED", "LIST (SUBSCRIBED) \"\" *", "LIST \"\" (a b)", "LIST \"\" * RETURN (SUBSCRIBED)"),
            Row("LIST-MYRIGHTS", "LIST \"\" * RETURN (MYRIGHTS)"),
            Row("LIST-METADATA", "LIST \"\" * RETURN (METADATA (\"/private/comment\"))"),
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

    @Test("RFC 5256: the algorithms of THREAD are switched one by one")
    func threads() async throws {
        try await TestServer.with { server in
            try await server.fill(2)
            try await server.administration.switchCapabilities(
                ["THREAD=REFERENCES"], of: "alice@example.org", to: false)
            let client = try await server.select()
            for other in ["REFS", "ORDEREDSUBJECT"] {
                #expect(try await client.command("THREAD \(other) UTF-8 ALL").isOK)
            }
        }
    }

    @Test(
        "the forms of APPEND: what is disabled is BAD, and nothing is stored",
        arguments: [
            ("CATENATE", "CATENATE (TEXT {3+}\r\nabc)"), ("CATENATE", "{3+}\r\nabc CATENATE (URL /INBOX/;UID=1)"),
            ("MULTIAPPEND", "{3+}\r\nabc {3+}\r\ndef"), ("MULTIAPPEND", "{3+}\r\nabc (\\Seen) {3}"),
            ("BINARY", "~{3+}\r\nabc"), ("BINARY", "~{3}"), ("UTF8=ACCEPT", "UTF8 (~{3+}\r\nabc)"),
        ])
    func append(name: String, arguments: String) async throws {
        try await TestServer.with { server in
            try await server.fill(1)
            let before = try await server.login()
            #expect(try await before.command("ENABLE UTF8=ACCEPT").isOK)
            try await server.administration.switchCapabilities([name], of: "alice@example.org", to: false)
            let client = try await server.login(.rev2)
            try await client.send("P APPEND INBOX \(arguments)\r\n")
            #expect(try await client.reply(to: "P").isBAD)
            #expect(try await client.append("INBOX", Sample.message(1)).isOK)
            #expect(try await server.alice.mailbox(MailboxName("INBOX"))?.messages == 2)
            // To others it is as it was.
            guard !arguments.hasSuffix("}") else { return }
            try await before.send("P APPEND INBOX \(arguments)\r\n")
            #expect(try await before.reply(to: "P").isOK)
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
