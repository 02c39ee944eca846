// A server with two accounts, one of which shares: what the tests of ACL begin with.

import Accounts
import Mail
import MailCrypto
import MailStore
import TestSupport

@testable import IMAPServer

/// Bob has the mailboxes Team and Secret; Alice may do with Team what the test says.
struct SharingServer: Sendable {
    let server: TestServer
    let bob: AccountStore
    static let team = "\"Other Users/bob@example.org/Team\""

    static func with(
        _ rights: String = "lr", _ test: @Sendable (SharingServer) async throws -> Void
    ) async throws {
        try await TestServer.with { server in
            let hash = try PasswordHash.make(password: Array("secret".utf8), parameters: TestServer.cheap)
            let bob = try await server.temporary.account("bob@example.org", passwordHash: hash)
            for name in ["Team", "Secret"] { _ = try await bob.createMailbox(try MailboxName(name)) }
            let sharing = SharingServer(server: server, bob: bob)
            try await sharing.allow(rights)
            try await test(sharing)
        }
    }

    /// Alice's rights on Team from now on.
    func allow(_ rights: String) async throws {
        try await server.store.setRights(
            on: try MailboxName("Team"), of: bob, for: .account(server.aliceID), isNegative: false,
            .replace(try MailboxRights(letters: rights)))
    }

    /// Messages of Bob's in Team.
    func fill(_ count: Int, flags: Flags = .none) async throws {
        var messages: [NewMessage] = []
        for number in 0..<count {
            messages.append(try await server.temporary.message(Sample.message(number + 1), flags: flags))
        }
        _ = try await bob.append(messages, to: try MailboxName("Team"))
    }

    func alice(_ mode: ClientMode = .rev1) async throws -> IMAPTestClient { try await server.login(mode) }

    func bobClient(_ mode: ClientMode = .rev1) async throws -> IMAPTestClient {
        let client = try await server.connect()
        try await client.login("bob@example.org")
        try await client.enter(mode)
        return client
    }

    /// Alice with Team selected.
    func selected(_ mode: ClientMode = .rev1, _ command: String = "SELECT") async throws -> IMAPTestClient {
        let client = try await alice(mode)
        let reply = try await client.command("\(command) \(Self.team)")
        guard reply.isOK else { throw TestFailure("\(command): \(reply.tagged)") }
        return client
    }
}
