// What the control socket answers: sessions listed and ended, of everybody or of one account.

import Accounts
import MailStore
import Synchronization
import TestSupport
import Testing

@testable import martletd

@Suite struct ControlAnswersTests {
    /// Alice with two sessions and Bob with one; notes who was ended.
    private func with(_ test: @Sendable (ControlAnswers, Ended) async throws -> Void) async throws {
        try await TemporaryStore.with { temporary in
            let live = LiveSessions()
            let ended = Ended()
            for (id, address) in [("a1", "alice@example.org"), ("a2", "alice@example.org"), ("b1", "bob@example.org")] {
                if id != "a2" { _ = try await temporary.account(address, passwordHash: "none") }
                let record = try await AccountAdministration(store: temporary.store, actor: "test").account(address)
                let credential = try #require(
                    try await temporary.store.directory.passwordCredential(of: record.id))
                let connection = ClientConnection(
                    protocolName: "imap", scope: .imap, remoteAddress: "192.0.2.7", tls: TLSFacts(version: "TLSv1.3"),
                    session: id, client: "Mail 1")
                let login = Login(account: record, credential: credential, connection: connection)
                live.add(LiveSession(login, since: 1_700_000_000)) { ended.note(id) }
            }
            try await test(ControlAnswers(directory: temporary.store.directory, sessions: live), ended)
        }
    }

    private final class Ended: Sendable {
        private let ids = Mutex<Set<String>>([])
        func note(_ id: String) { ids.withLock { _ = $0.insert(id) } }
        var all: Set<String> { ids.withLock { $0 } }
    }

    private func ids(_ reply: ControlReply) -> [String]? {
        if case .sessions(let sessions) = reply { sessions.map(\.id) } else { nil }
    }

    @Test func lists() async throws {
        try await with { answers, _ in
            #expect(ids(await answers.answer(.sessions(account: nil))) == ["a1", "a2", "b1"])
            #expect(ids(await answers.answer(.sessions(account: "Alice@Example.org"))) == ["a1", "a2"])
            guard case .sessions(let sessions) = await answers.answer(.sessions(account: "bob@example.org")) else {
                Issue.record("no sessions")
                return
            }
            let session = try #require(sessions.first)
            #expect(session.address == "bob@example.org" && session.tls == "TLSv1.3" && session.client == "Mail 1")
            #expect(session.remoteAddress == "192.0.2.7" && session.since == 1_700_000_000)
        }
    }

    @Test func ends() async throws {
        try await with { answers, ended in
            #expect(await answers.answer(.kickSession("nobody")) == .kicked(0))
            #expect(await answers.answer(.kickSession("b1")) == .kicked(1))
            #expect(ended.all == ["b1"])
            #expect(await answers.answer(.kickAccount("alice@example.org")) == .kicked(2))
            #expect(ended.all == ["a1", "a2", "b1"])
        }
    }

    @Test("an account that is not there is an error in words", arguments: ["carol@example.org", "no address", ""])
    func unknown(address: String) async throws {
        try await with { answers, ended in
            let error = ControlReply.error("there is no account \(address)")
            #expect(await answers.answer(.sessions(account: address)) == error)
            #expect(await answers.answer(.kickAccount(address)) == error)
            #expect(ended.all.isEmpty)
        }
    }
}
