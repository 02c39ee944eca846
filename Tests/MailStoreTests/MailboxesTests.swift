// Mailboxes: made, renamed, deleted, subscribed to; and what is refused.

import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct MailboxesTests {
    private func names(_ account: AccountStore) async throws -> [String] {
        let initial = AccountStore.initialMailboxes.map(\.name)
        return try await account.mailboxes().map(\.name.text).filter { !initial.contains($0) }
    }

    @Test func createMakesTheAncestors() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.createMailbox(try MailboxName("a/b/c"))
            #expect(try await names(account) == ["a", "a/b", "a/b/c"])
            let name = try MailboxName("a/b")
            await #expect(throws: StoreError.mailboxExists(name)) { try await account.createMailbox(name) }
            await #expect(throws: StoreError.mailboxExists(.inbox)) {
                try await account.createMailbox(try MailboxName("iNbOx"))
            }
        }
    }

    @Test func deleteFreesTheNameAndNeverTheUIDValidity() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let name = try MailboxName("a")
            let first = try await account.createMailbox(name)
            _ = try await account.append([try await temporary.message("\r\nx")], to: name)
            let view = try await account.view(of: name)
            try await account.deleteMailbox(name)
            #expect(view.current.isDeleted)
            #expect(try await account.mailbox(name) == nil)
            #expect(try await account.usage().used == 0)
            let second = try await account.createMailbox(name)
            #expect(second.uidValidity.rawValue > first.uidValidity.rawValue)
            #expect(second.messages == 0)
            await #expect(throws: StoreError.messageGone) {
                try await account.storeFlags(.all, in: first.id, .add(Flags(.seen)))
            }
        }
    }

    @Test func deleteRefusesInboxAndParents() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let child = try MailboxName("a/b")
            _ = try await account.createMailbox(child)
            await #expect(throws: StoreError.self) { try await account.deleteMailbox(.inbox) }
            await #expect(throws: StoreError.mailboxHasChildren(try MailboxName("a"), child: child)) {
                try await account.deleteMailbox(try MailboxName("a"))
            }
            await #expect(throws: StoreError.self) { try await account.deleteMailbox(try MailboxName("none")) }
        }
    }

    @Test("case 73: RENAME keeps the tree a tree")
    func renameMovesTheFamily() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.createMailbox(try MailboxName("a/b/c"))
            _ = try await account.createMailbox(try MailboxName("ab"))
            _ = try await account.append([try await temporary.message("\r\nx")], to: try MailboxName("a/b"))
            let view = try await account.view(of: try MailboxName("a/b"))
            try await account.renameMailbox(try MailboxName("a"), to: try MailboxName("x/y"))
            #expect(try await names(account) == ["ab", "x", "x/y", "x/y/b", "x/y/b/c"])
            #expect(view.name.text == "x/y/b" && view.current.count == 1)
            await #expect(throws: StoreError.self) {
                try await account.renameMailbox(try MailboxName("x"), to: try MailboxName("x/y/z"))
            }
            await #expect(throws: StoreError.mailboxExists(try MailboxName("ab"))) {
                try await account.renameMailbox(try MailboxName("x"), to: try MailboxName("ab"))
            }
            await #expect(throws: StoreError.mailboxExists(.inbox)) {
                try await account.renameMailbox(try MailboxName("x"), to: .inbox)
            }
        }
    }

    @Test func renamingInboxMovesItsMessages() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.createMailbox(try MailboxName("INBOX/child"))
            for _ in 1...3 { _ = try await account.append([try await temporary.message("\r\nx")], to: .inbox) }
            try await account.renameMailbox(.inbox, to: try MailboxName("old/mail"))
            #expect(try await account.mailbox(.inbox)?.messages == 0)
            #expect(try await account.mailbox(try MailboxName("old/mail"))?.messages == 3)
            #expect(try await account.mailbox(try MailboxName("INBOX/child")) != nil)
            #expect(try await account.mailbox(.inbox)?.uidNext == 4)
        }
    }

    @Test func subscriptionsOutliveTheirMailboxes() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let name = try MailboxName("lists/swift")
            _ = try await account.createMailbox(name)
            try await account.subscribe(name)
            try await account.subscribe(name)
            #expect(try await account.mailbox(name)?.isSubscribed == true)
            try await account.deleteMailbox(name)
            #expect(try await account.subscriptions().contains(name))
            try await account.unsubscribe(name)
            try await account.unsubscribe(name)
            #expect(try await !account.subscriptions().contains(name))
        }
    }

    @Test func specialUseHasOneHolder() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            await #expect(throws: StoreError.self) {
                try await account.createMailbox(try MailboxName("Sent Items"), specialUse: .sent)
            }
            try await account.deleteMailbox(try MailboxName("Sent"))
            let made = try await account.createMailbox(try MailboxName("Sent Items"), specialUse: .sent)
            #expect(made.specialUse == .sent)
        }
    }
}
