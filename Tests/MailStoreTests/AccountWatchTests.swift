// What commits say to whoever watches an account: which parts, whose doing, and nothing of what concerns nobody.

import Mail
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct AccountWatchTests {
    /// News as they come, joined until they are taken.
    private final class Ear: Sendable {
        private let heard = Mutex<AccountNews?>(nil)
        private let calls = Mutex(0)

        func noteCall() { calls.withLock { $0 += 1 } }

        func listen(to account: AccountStore) -> Watch {
            account.watchAccount { news in
                self.noteCall()
                self.heard.withLock { heard in
                    var sum = heard ?? AccountNews()
                    sum.formUnion(news)
                    heard = sum
                }
            }
        }
        func take() -> AccountNews? {
            heard.withLock { heard in
                defer { heard = nil }
                return heard
            }
        }
        var count: Int { calls.withLock { $0 } }
    }

    @Test("messages are the session's own to itself and others' to everybody else")
    func sessions() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let (mine, other) = (account.used(by: "a"), account.used(by: "b"))
            let (ear, otherEar, strange) = (Ear(), Ear(), Ear())
            let watches = [ear.listen(to: mine), otherEar.listen(to: other), strange.listen(to: account)]
            defer { for watch in watches { watch.cancel() } }
            let inbox = try #require(try await account.mailbox(.inbox)).id
            _ = try await mine.append([try await temporary.message("a: b\r\n\r\nx\r\n")], to: .inbox)
            #expect(ear.take()?.ownMailboxes == [inbox])
            #expect(otherEar.take()?.mailboxes == [inbox])
            #expect(strange.take()?.mailboxes == [inbox])
            // Who does not say who he is, is nobody's own.
            _ = try await account.append([try await temporary.message("a: b\r\n\r\nx\r\n")], to: .inbox)
            #expect(ear.take()?.mailboxes == [inbox])
            #expect(strange.take()?.ownMailboxes == [])
            // A guest's handle is the session's too.
            let guest = mine.accessed(by: AccountID(rawValue: 99))
            #expect(guest.session == "a" && guest.bound(to: inbox).session == "a")
        }
    }

    @Test("names, subscriptions, rights and annotations say that they are new, and not more")
    func kinds() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let ear = Ear()
            let watch = ear.listen(to: account)
            defer { watch.cancel() }
            func heard() -> String {
                guard let news = ear.take() else { return "nothing" }
                return (news.hasNewNames ? "names " : "") + (news.hasNewAnnotations ? "annotations " : "")
                    + "\(news.mailboxes.count) \(news.renamedInboxes.count)"
            }
            let (a, b) = (try MailboxName("a"), try MailboxName("b"))
            _ = try await account.createMailbox(a, isSubscribed: true)
            #expect(try await account.isSubscribed(a))
            #expect(heard() == "names 0 0")
            try await account.unsubscribe(a)
            #expect(heard() == "names 0 0")
            try await account.renameMailbox(a, to: b)
            #expect(heard() == "names 0 0")
            _ = try await account.setAnnotations(["/private/x": [1]], of: b, by: account.id)
            #expect(heard() == "annotations 0 0")
            try await temporary.store.setRights(
                on: b, of: account, for: .anyone, isNegative: false, .replace(try MailboxRights(letters: "lr")))
            #expect(heard() == "names 0 0")
            try await account.deleteMailbox(b)
            #expect(heard() == "names 0 0")
            _ = try await account.undeleteMailbox(b)
            #expect(heard() == "names 0 0")
            try await account.renameMailbox(.inbox, to: a)
            #expect(heard() == "names 0 1")
            _ = try? await account.createMailbox(b)
            #expect(heard() == "nothing")
        }
    }

    @Test("what concerns nobody wakes nobody: \\Recent, the search index, counters")
    func silence() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message("a: b\r\n\r\nx\r\n")], to: .inbox)
            let ear = Ear()
            let watch = ear.listen(to: account)
            defer { watch.cancel() }
            try await account.updateSearchIndex()
            let view = try await account.view(of: .inbox)
            _ = view.claimRecent(in: view.current)
            account.storeRecentMark(view)
            try await waitUntil("the mark is stored") {
                let mark = try await account.file.read {
                    try $0.count("SELECT first_recent FROM mailbox WHERE name = 'INBOX'")
                }
                return mark > 1
            }
            #expect(ear.take() == nil && ear.count == 0)
        }
    }

    @Test("the directory tells when somebody begins to share, and of nothing else")
    func shares() async throws {
        try await TemporaryStore.with { temporary in
            let owner = try await temporary.account("owner@example.org")
            let guest = try await temporary.account("guest@example.org")
            let ear = Ear()
            let watch = temporary.store.directory.watchShares { ear.noteCall() }
            defer { watch.cancel() }
            try await temporary.store.directory.setSetting("x", "y", by: "test")
            #expect(ear.count == 0)
            let rights = try MailboxRights(letters: "lr")
            for _ in 1...2 {
                try await temporary.store.setRights(
                    on: .inbox, of: owner, for: .account(guest.id), isNegative: false, .replace(rights))
            }
            #expect(ear.count == 1)
        }
    }
}
