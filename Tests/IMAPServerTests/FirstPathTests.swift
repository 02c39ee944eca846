// The first path through the house: LOGIN, SELECT, FETCH, LOGOUT.

import Mail
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct FirstPathTests {
    @Test func aClientReadsItsMail() async throws {
        try await TestServer.with { server in
            try await server.fill(3)
            let client = try await server.connect()
            #expect(client.greeting.condition == "OK")
            #expect(try await client.login().code?.hasPrefix("CAPABILITY IMAP4rev1") == true)
            let select = try await client.command("SELECT INBOX")
            #expect(select.code == "READ-WRITE")
            #expect(select.exists == 3)
            #expect(select.recent == 3)
            let fetch = try await client.command("FETCH 2 (FLAGS UID RFC822.SIZE INTERNALDATE ENVELOPE BODY[])")
            #expect(fetch.isOK)
            #expect(fetch.fetches.count == 1)
            #expect(fetch.fetches.first?.items["BODY[]"]?.bytes == Array(Sample.message(2).utf8))
            #expect(fetch.fetches.first?.flags == ["\\Seen", "\\Recent"])
            let logout = try await client.command("LOGOUT")
            #expect(logout.untagged.first?.condition == "BYE")
            #expect(logout.isOK)
            #expect(try await client.untilClosed().isEmpty)
        }
    }
}
