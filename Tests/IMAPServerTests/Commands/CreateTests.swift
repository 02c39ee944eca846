// CREATE: what it comes to when not all of it can be had.

import Mail
import TestSupport
import Testing

@testable import IMAPServer
@testable import MailStore

@Suite struct CreateTests {
    @Test("with too many subscriptions nothing is made; a known subscription is none more")
    func subscriptionLimit() async throws {
        try await TestServer.with { server in
            try await server.alice.write { operation in
                try operation.db.run(
                    """
                    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
                    INSERT OR IGNORE INTO subscription (name) SELECT 'name ' || i FROM n
                    """, .int(StoreLimits.subscriptions - 6))
            }
            let client = try await server.login()
            #expect(try await client.command("SUBSCRIBE new").code == "LIMIT")
            #expect(try await client.command("SUBSCRIBE \"name 7\"").isOK)
            #expect(try await client.command("CREATE new").code == "LIMIT")
            #expect(try await client.command("SELECT new").isNO)
            #expect(try await client.command("CREATE \"name 7\"").isOK)
            #expect(try await client.command("UNSUBSCRIBE \"name 8\"").isOK)
            #expect(try await client.command("CREATE new").isOK)
        }
    }
}
