// Which accounts' files are open: those that somebody holds, and others for a while.

import MailStore
import TestSupport
import Testing

@Suite struct OpenAccountsTests {
    @Test("a file that nobody asks for is closed, and opened again when it is")
    func closedUnused() async throws {
        var options = Store.Options()
        options.openTime = .milliseconds(50)
        try await TemporaryStore.with(options: options) { temporary in
            let store = temporary.store
            let alice = try await temporary.account()
            let bob = try await temporary.account("bob@example.org").id
            try await waitUntil("the end of the one that nobody holds") { store.openAccountCount == 1 }
            #expect(try await store.account(alice.id) === alice)
            #expect(try await store.account(bob).mailboxes().count == 6)
            try await waitUntil("its end again") { store.openAccountCount == 1 }
            #expect(try await alice.mailboxes().count == 6)
        }
    }

    @Test("an account with mail that is not indexed stays open until it is")
    func indexedFirst() async throws {
        var options = Store.Options()
        options.openTime = .milliseconds(50)
        options.indexingDelay = .milliseconds(300)
        try await TemporaryStore.with(options: options) { temporary in
            let store = temporary.store
            let id = try await oneMessage(in: temporary)
            try await waitUntil("the end") { store.openAccountCount == 0 }
            let status = try await store.account(id).searchIndexStatus()
            #expect(status.messages == 1 && status.indexed == 1)
        }
    }

    /// In an account that nobody holds afterwards.
    private func oneMessage(in temporary: TemporaryStore) async throws -> AccountID {
        let account = try await temporary.account()
        _ = try await temporary.append(["Subject: one\r\n\r\nfirst\r\n"], to: account)
        return account.id
    }
}
