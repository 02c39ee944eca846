// What logins leave behind: the history, the failures, the counters.

import Accounts
import MailStore
import TestSupport
import Testing

@Suite struct LoginRecorderTests {
    @Test("logins that are alike are one row with a count; a client that names itself is named")
    func history() async throws {
        try await LoginHouse.with { door in
            let created = try await door.appPassword()
            for _ in 0..<3 { _ = try await door.login(LoginHouse.alice, created.secret) }
            door.house.clock.advance(by: 1)
            let login = try await door.login(LoginHouse.alice, created.secret)
            door.authenticator.noteClient(login, client: "Mail 16.0")
            _ = try await door.login(LoginHouse.alice, created.secret, from: "198.51.100.4")
            await door.authenticator.flush()
            let account = login.account.id
            let rows = try await door.store.directory.loginHistory(of: account, limit: 10)
            #expect(rows.map(\.count).sorted() == [1, 1, 3])
            let named = try #require(rows.first { $0.client == "Mail 16.0" })
            #expect(named.count == 1)
            #expect(named.address == "192.0.2.7")
            #expect(named.tls == "TLSv1.3")
            #expect(named.protocolName == "imap")
            #expect(named.credentialID == login.credential)
            let nameless = try #require(rows.first { $0.count == 3 })
            #expect(nameless.client == nil)
            let record = try #require(try await door.store.directory.credential(login.credential))
            #expect(record.useCount == 5)
        }
    }

    @Test("the history is written a second later by itself; who might still name themselves waits two more")
    func bySelf() async throws {
        try await LoginHouse.with { door in
            let login = try await door.login()
            try await waitUntil("the recorder sleeps") { door.clock.sleeperCount == 1 }
            door.clock.advance(by: .seconds(1))
            try await waitUntil("the recorder sleeps again") { door.clock.sleeperCount == 1 }
            #expect(try await door.store.directory.loginHistory(of: nil, limit: 9).isEmpty)
            door.authenticator.noteClient(login, client: "mutt")
            door.clock.advance(by: .seconds(1))
            try await waitUntil("the row is there") {
                try await door.store.directory.loginHistory(of: nil, limit: 9).map(\.client) == ["mutt"]
            }
        }
    }

    @Test("failures are kept with their reason, cut and without what was typed in the wrong field")
    func failures() async throws {
        try await LoginHouse.with { door in
            let created = try await door.appPassword()
            _ = await door.logIn("wrong")
            _ = await door.logIn(String(repeating: "x", count: 10_000), "wrong")
            _ = await door.logIn(created.secret, LoginHouse.password)
            await door.authenticator.flush()
            let rows = try await door.store.directory.loginFailures(of: nil, limit: 10)
            #expect(rows.map(\.reason) == ["unknown-user", "unknown-user", "wrong-password"])
            #expect(rows.map(\.name.utf8.count) == ["(an app password)".utf8.count, 256, LoginHouse.alice.utf8.count])
            #expect(rows.allSatisfy { $0.address == "192.0.2.7" && $0.mechanism == "LOGIN" && $0.tls == "TLSv1.3" })
            let texts = door.capture.events.flatMap(\.metadata.values)
            #expect(!texts.contains { $0.contains(created.secret) })
        }
    }

    @Test("a flood of failures keeps the details of the first thousand of a second")
    func flood() async throws {
        try await LoginHouse.with { door in
            for number in 0..<1_200 { _ = await door.logIn("n\(number)@example.org", "wrong", from: "no address") }
            await door.authenticator.flush()
            let rows = try await door.store.directory.loginFailures(of: nil, limit: 2_000)
            #expect(rows.count == 1_000)
        }
    }
}
