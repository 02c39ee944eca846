// A whole IMAP service on a store of its own, for one test.

import Accounts
import Logging
import Mail
import MailCrypto
import MailStore
import NIOPosix
import TestSupport

@testable import IMAPServer

/// The service, its store, and Alice's account with the password `secret`.
struct TestServer: Sendable {
    let temporary: TemporaryStore
    let service: IMAPService
    let authenticator: Authenticator
    let port: Int
    let alice: AccountStore
    let aliceID: AccountID

    var store: MailStore.Store { temporary.store }

    /// Runs `test` against a server that lets passwords through on loopback; checks the store at the end.
    static func with<T: Sendable>(
        _ change: @Sendable (inout IMAPSettings) -> Void = { _ in },
        _ test: @Sendable (TestServer) async throws -> T
    ) async throws -> T {
        try await TemporaryStore.with { temporary in
            let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)
            let hash = try PasswordHash.make(password: Array("secret".utf8), parameters: cheap)
            let alice = try await temporary.account(passwordHash: hash)
            var settings = IMAPSettings(hostname: "mail.example.org", plaintextLogin: .loopback)
            // What the server says of its own accord after a while, it says in the tests of that.
            settings.progressInterval = .seconds(3_600)
            settings.drainTime = .seconds(60)
            change(&settings)
            let authenticator = Authenticator(
                store: temporary.store, parameters: cheap, settings: AuthenticatorSettings(failureDelay: .zero),
                logger: .quiet)
            let service = IMAPService(
                store: temporary.store, authenticator: authenticator, tls: nil, settings: settings, logger: .quiet)
            let port = try await service.bind(
                host: "127.0.0.1", port: 0, security: .startTLS, on: MultiThreadedEventLoopGroup.singleton)
            let server = TestServer(
                temporary: temporary, service: service, authenticator: authenticator, port: port, alice: alice,
                aliceID: alice.id)
            do {
                let result = try await test(server)
                await service.drain()
                return result
            } catch {
                await service.drain()
                throw error
            }
        }
    }

    func connect() async throws -> IMAPTestClient { try await IMAPTestClient.connect(port: port) }

    /// A client that is logged in and has enabled what the mode needs.
    func login(_ mode: ClientMode = .rev1) async throws -> IMAPTestClient {
        let client = try await connect()
        let reply = try await client.login()
        guard reply.isOK else { throw TestFailure("LOGIN: \(reply.tagged)") }
        try await client.enter(mode)
        return client
    }

    /// A client that has a mailbox selected.
    func select(_ mailbox: String = "INBOX", mode: ClientMode = .rev1) async throws -> IMAPTestClient {
        let client = try await login(mode)
        let reply = try await client.command("SELECT \(mailbox)")
        guard reply.isOK else { throw TestFailure("SELECT: \(reply.tagged)") }
        return client
    }

    /// Puts messages into a mailbox behind the sessions' backs, as a delivery does.
    @discardableResult
    func deliver(_ messages: [String], to mailbox: String = "INBOX", flags: Flags = .none) async throws -> [UID] {
        var new: [NewMessage] = []
        for message in messages { new.append(try await temporary.message(message, flags: flags)) }
        return try await alice.append(new, to: MailboxName(mailbox)).uids.compactMap { $0 }
    }

    /// Simple messages, numbered from 1, into a mailbox.
    @discardableResult
    func fill(_ count: Int, to mailbox: String = "INBOX", flags: Flags = .none) async throws -> [UID] {
        try await deliver((0..<count).map { Sample.message($0 + 1) }, to: mailbox, flags: flags)
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Messages of our own.
enum Sample {
    static func message(_ number: Int) -> String {
        "From: Bob <bob@example.org>\r\nTo: alice@example.org\r\nSubject: Number \(number)\r\n"
            + "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\nMessage-ID: <\(number)@example.org>\r\n\r\n"
            + "Body of \(number).\r\n"
    }
}
