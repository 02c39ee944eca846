// Alice and Bob: a store with two accounts, and the services over it, for many inputs one after the other.

import Accounts
import IMAPServer
import Logging
import Mail
import MailCrypto
import MailStore
import NIOCore
import NIOEmbedded
import SMTP
import TestSupport

/// Alice has mail. Bob shares his mailbox Team with her, to look up and to read, and nothing else.
final class Household: Sendable {
    static let alice = "alice@example.org"
    static let bob = "bob@example.org"
    static let alicesPassword = "secret"
    /// Neither is to be found in an input, nor in what Alice is told.
    static let bobsPassword = "kiwi-fern-9071"
    static let canary = "Qz7Nightjar"
    static let hostname = "mail.example.org"

    let temporary: TemporaryStore
    let alice: AccountStore
    let bob: AccountStore
    let authenticator: Authenticator
    private let imap: IMAPService
    private let lmtp: LMTPService
    private let loop: NIOAsyncTestingEventLoop

    private init(
        _ temporary: TemporaryStore, _ alice: AccountStore, _ bob: AccountStore, _ loop: NIOAsyncTestingEventLoop
    ) {
        self.temporary = temporary
        self.alice = alice
        self.bob = bob
        self.loop = loop
        authenticator = Authenticator(
            store: temporary.store, parameters: Household.cheap, hashing: HashingPool(patience: .seconds(60)),
            settings: Household.settings, logger: .quiet)
        var settings = IMAPSettings(hostname: Household.hostname, plaintextLogin: .loopback)
        settings.progressInterval = .seconds(3_600)
        settings.limits.message = 1_024 * 1_024
        settings.limits.appendSum = 4 * 1_024 * 1_024
        settings.connectionsPerSource = settings.connections
        imap = IMAPService(
            store: temporary.store, authenticator: authenticator, tls: nil, settings: settings, logger: .quiet)
        var limits = SMTPLimits()
        limits.messageSize = 1_024 * 1_024
        lmtp = LMTPService(
            store: temporary.store, hostname: Household.hostname, limits: limits, connections: 10_000,
            logins: LMTPLogins(authenticator: authenticator, tls: nil, plaintextOnLoopback: true), logger: .quiet)
    }

    private static let cheap = Argon2Parameters(memoryKiB: 64, iterations: 1, parallelism: 1)

    /// As if nobody had ever guessed wrong: otherwise an input's logins would depend on those of the inputs before.
    private static var settings: AuthenticatorSettings {
        var settings = AuthenticatorSettings(failureDelay: .zero)
        settings.limits.perMinute = 1_000_000
        settings.limits.perDay = 1_000_000
        settings.limits.perName = 1_000_000
        settings.limits.perNameInARow = 1_000_000
        return settings
    }

    static func make(on loop: NIOAsyncTestingEventLoop) async throws -> Household {
        let temporary = try await TemporaryStore.make()
        let alice = try await account(Household.alice, Household.alicesPassword, temporary)
        let bob = try await account(Household.bob, Household.bobsPassword, temporary)
        let household = Household(temporary, alice, bob, loop)
        try await household.furnish()
        return household
    }

    private static func account(
        _ name: String, _ password: String, _ temporary: TemporaryStore
    ) async throws -> AccountStore {
        try await temporary.account(
            name, passwordHash: try PasswordHash.make(password: Array(password.utf8), parameters: cheap))
    }

    private func furnish() async throws {
        try await deliver(FuzzMail.messages, to: .inbox, of: alice)
        try await deliver([FuzzMail.plain("Old"), FuzzMail.plain("Older")], to: MailboxName("Archive"), of: alice)
        let team = try MailboxName("Team")
        let secret = try MailboxName(Household.canary)
        for name in [team, secret] { _ = try await bob.createMailbox(name) }
        try await deliver([FuzzMail.plain("For the team")], to: team, of: bob)
        for name in [secret, .inbox] { try await deliver([FuzzMail.plain(Household.canary)], to: name, of: bob) }
        try await temporary.store.setRights(
            on: team, of: bob, for: .account(alice.id), isNegative: false, .replace(try MailboxRights(letters: "lr")))
    }

    func deliver(_ texts: [String], to name: MailboxName, of account: AccountStore) async throws {
        var messages: [NewMessage] = []
        for (index, text) in texts.enumerated() {
            let flags = index % 2 == 0 ? Flags.none : Flags(.seen)
            messages.append(try await temporary.message(text, flags: flags))
        }
        _ = try await account.append(messages, to: name)
    }

    /// A client of IMAP that was greeted.
    func imapClient() async throws -> ClientEnd {
        try await ClientEnd.connect(on: loop) { [imap] in try imap.accept($0, .startTLS) }
    }

    /// A client of LMTP that was greeted.
    func lmtpClient() async throws -> ClientEnd {
        try await ClientEnd.connect(on: loop) { [lmtp] in try lmtp.accept($0) }
    }

    /// How many messages each account has, by mailbox.
    func counts(of account: AccountStore) async throws -> [String: Int] {
        let mailboxes = try await account.mailboxes()
        return Dictionary(uniqueKeysWithValues: mailboxes.map { ($0.name.text, $0.messages) })
    }

    /// The sessions' end, and the store's; checks it.
    func end() async throws {
        await imap.drain()
        await lmtp.drain(within: .seconds(1))
        try await temporary.end()
    }
}
