// Undelete and purge: what comes back, what does not, and when it is too late.

import Mail
import NIOCore
import TestSupport
import Testing

@testable import MailStore

@Suite struct UndeleteTests {
    private static func text(_ number: Int) -> String {
        "Message-ID: <\(number)@example.org>\r\nSubject: \(number)\r\n\r\nText \(number).\r\n"
    }

    /// INBOX with messages 1 to `count`.
    private func filled(_ temporary: TemporaryStore, _ count: Int) async throws -> AccountStore {
        let account = try await temporary.account()
        for number in 1...count {
            let flags = Flags([.seen, .flagged], keywords: [try #require(Keyword("$Work"))])
            let date = MailDate(secondsSince1970: 1_000_000_000 + Int64(number), zoneMinutes: 60)
            let message = try await temporary.message(Self.text(number), flags: flags, date: date)
            _ = try await account.append([message], to: .inbox)
        }
        return account
    }

    private func expunge(
        _ uids: ClosedRange<UInt32>, of account: AccountStore, in name: MailboxName = .inbox
    ) async throws {
        let view = try await account.view(of: name)
        _ = try await account.storeFlags(UIDSet([uids]), in: view.mailboxID, .add(Flags(.deleted)))
        _ = try await account.expunge(in: view.mailboxID)
    }

    private func subjects(_ account: AccountStore, _ name: MailboxName = .inbox) async throws -> [String] {
        let snapshot = try await account.view(of: name).current
        return try await account.read { reader in
            try (0..<snapshot.count).map { index in
                let header = String(decoding: try reader.header(of: snapshot[index].bodyID), as: UTF8.self)
                return header.split(separator: "Subject: ").last.map { String($0.prefix { $0.isNumber }) } ?? ""
            }
        }
    }

    @Test func messagesComeBackWithNewUIDs() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 5)
            let before = try await account.view(of: .inbox).current
            try await expunge(2...4, of: account)
            let used = try await account.usage().used
            #expect(try await account.expungedMessages(ExpungedChoice()).count == 3)
            let outcome = try await account.undelete(ExpungedChoice())
            #expect(outcome.messages == 3 && outcome.copies == 0)
            let after = try await account.view(of: .inbox).current
            #expect((0..<after.count).map { after[$0].uid.rawValue } == [1, 5, 6, 7, 8])
            #expect(try await subjects(account) == ["1", "5", "2", "3", "4"])
            #expect(after[2].internalDate == before[1].internalDate)
            #expect(after.flags(of: after[2]) == before.flags(of: before[1]))
            #expect(after[2].modSeq > before.highestModSeq)
            #expect(try await account.usage().used > used)
            // Nothing comes back twice.
            #expect(try await account.undelete(ExpungedChoice()).messages == 0)
        }
    }

    @Test func choices() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 4)
            try await expunge(1...4, of: account)
            let now = currentSeconds()
            func found(_ change: (inout ExpungedChoice) throws -> Void) async throws -> Int {
                var choice = ExpungedChoice()
                try change(&choice)
                return try await account.expungedMessages(choice).count
            }
            #expect(try await found { $0.messageID = "<3@example.org>" } == 1)
            #expect(try await found { $0.messageID = "<9@example.org>" } == 0)
            #expect(try await found { $0.since = now - 60 } == 4)
            #expect(try await found { $0.since = now + 60 } == 0)
            #expect(try await found { $0.before = now - 60 } == 0)
            #expect(try await found { $0.before = now + 60 } == 4)
            #expect(try await found { $0.mailbox = .inbox } == 4)
            #expect(try await found { $0.mailbox = try MailboxName("Sent") } == 0)
            var one = ExpungedChoice()
            one.messageID = "<3@example.org>"
            let archive = try MailboxName("Archive")
            #expect(try await account.undelete(one, into: archive).mailboxes.map(\.name) == [archive])
            #expect(try await subjects(account, archive) == ["3"])
            await #expect(throws: StoreError.mailboxNotFound(try MailboxName("none"))) {
                try await account.undelete(ExpungedChoice(), into: try MailboxName("none"))
            }
        }
    }

    @Test("what was moved or copied is not lost, and comes back on demand only")
    func copies() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 3)
            let inbox = try await account.view(of: .inbox)
            let trash = try MailboxName("Trash")
            _ = try await account.move(UIDSet([1...1]), from: inbox.mailboxID, to: trash)
            #expect(try await account.expungedMessages(ExpungedChoice()).isEmpty)
            _ = try await account.copy(UIDSet([2...2]), from: inbox.mailboxID, to: trash)
            try await expunge(2...2, of: account)
            let kept = try await account.undelete(ExpungedChoice())
            #expect(kept.messages == 0 && kept.copies == 1)
            // Once the copy is expunged too, the message comes back where it was last.
            try await expunge(2...2, of: account, in: trash)
            #expect(try await account.undelete(ExpungedChoice()).mailboxes.map(\.name) == [trash])
            var all = ExpungedChoice()
            all.withCopies = true
            #expect(try await account.undelete(all).mailboxes.map(\.name) == [.inbox])
        }
    }

    @Test func quotaHolds() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 2)
            try await expunge(1...2, of: account)
            try await account.setQuota(10)
            await #expect(throws: StoreError.self) { try await account.undelete(ExpungedChoice()) }
            #expect(try await account.expungedMessages(ExpungedChoice()).count == 2)
        }
    }

    @Test func mailboxComesBackAsItWas() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 5)
            let name = try MailboxName("Sent")
            let inbox = try await account.view(of: .inbox)
            _ = try await account.copy(.all, from: inbox.mailboxID, to: name)
            try await expunge(2...2, of: account, in: name)
            let old = try #require(try await account.mailbox(name))
            let view = try await account.view(of: name)
            let before = view.current
            try await account.deleteMailbox(name)
            #expect(view.current.isDeleted)
            let deleted = try await account.deletedMailboxes()
            #expect(deleted.map(\.name) == [name] && deleted.map(\.messages) == [4])
            let info = try await account.undeleteMailbox(name)
            #expect(info.id == old.id && info.uidValidity == old.uidValidity && info.uidNext == old.uidNext)
            #expect(info.messages == 4 && info.unseen == 0 && info.specialUse == .sent && info.isSubscribed)
            let after = try await account.view(of: name).current
            #expect((0..<after.count).map { after[$0].uid.rawValue } == [1, 3, 4, 5])
            #expect((0..<after.count).allSatisfy { after[$0].modSeq > before.highestModSeq })
            // It lives: new mail comes in and is seen.
            _ = try await account.append([try await temporary.message(Self.text(9))], to: name)
            #expect(try await account.view(of: name).current.count == 5)
            #expect(try await account.deletedMailboxes().isEmpty)
            await #expect(throws: StoreError.notFound(kind: "deleted mailbox", name: "Sent")) {
                try await account.undeleteMailbox(name, as: try MailboxName("other"))
            }
        }
    }

    @Test func mailboxWhoseNameIsTaken() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 1)
            let name = try MailboxName("a")
            for number in 1...2 {
                _ = try await account.createMailbox(name)
                _ = try await account.append([try await temporary.message(Self.text(number))], to: name)
                try await account.deleteMailbox(name)
            }
            _ = try await account.createMailbox(name)
            await #expect(throws: StoreError.mailboxExists(name)) { try await account.undeleteMailbox(name) }
            let other = try MailboxName("b/c")
            _ = try await account.undeleteMailbox(name, as: other)
            #expect(try await subjects(account, other) == ["2"])
            _ = try await account.undeleteMailbox(name, as: try MailboxName("d"))
            #expect(try await subjects(account, try MailboxName("d")) == ["1"])
        }
    }

    @Test("messages of a deleted mailbox go to one of its name, made again")
    func messagesOfADeletedMailbox() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 1)
            let name = try MailboxName("x/y")
            _ = try await account.createMailbox(name)
            _ = try await account.append([try await temporary.message(Self.text(7))], to: name)
            try await account.deleteMailbox(name)
            try await account.deleteMailbox(try MailboxName("x"))
            #expect(try await account.expungedMessages(ExpungedChoice()).map(\.isMailboxDeleted) == [true])
            #expect(try await account.undelete(ExpungedChoice()).mailboxes.map(\.name) == [name])
            #expect(try await subjects(account, name) == ["7"])
            #expect(try await account.mailbox(name)?.isSubscribed == true)
        }
    }

    @Test func purgeKeepsToItsTime() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 3)
            try await expunge(1...2, of: account)
            let now = currentSeconds()
            let day: Int64 = 86_400
            #expect(try await temporary.store.purgeExpired(now: now + 13 * day) == PurgeOutcome())
            #expect(try await account.expungedMessages(ExpungedChoice()).count == 2)
            let purged = try await temporary.store.purgeExpired(now: now + 15 * day)
            #expect(purged.messages == 2 && purged.bytes == Int64(Self.text(1).utf8.count * 2))
            #expect(try await account.undelete(ExpungedChoice()).messages == 0)
            #expect(try await account.mailbox(.inbox)?.messages == 1)
        }
    }

    @Test("a purge forgets deleted mailboxes, in steps, and their numbers are never given again")
    func purgeOfMailboxes() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await filled(temporary, 1)
            let name = try MailboxName("big")
            let made = try await account.createMailbox(name)
            let message = try await temporary.message(Self.text(1))
            let many = Array(repeating: message, count: AccountStore.purgeStep.messages + 50)
            _ = try await account.append(many, to: name)
            try await account.deleteMailbox(name)
            let other = try await account.purge(expungedBefore: .max, from: try MailboxName("Sent"))
            #expect(other == PurgeOutcome())
            let purged = try await account.purge(expungedBefore: .max, from: name)
            #expect(purged.messages == many.count && purged.mailboxes == 1)
            #expect(try await account.deletedMailboxes().isEmpty)
            let again = try await account.createMailbox(name)
            #expect(again.id.rawValue > made.id.rawValue)
            #expect(again.uidValidity.rawValue > made.uidValidity.rawValue)
        }
    }

    @Test("a view made beside deliveries holds each message once")
    func viewsMadeInsideABatch() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            for round in 1...40 {
                let name = try MailboxName("round \(round)")
                _ = try await account.createMailbox(name)
                let message = try await temporary.message(Self.text(1))
                let views = try await withThrowingTaskGroup(of: MailboxView?.self) { group in
                    for number in 0..<12 {
                        group.addTask {
                            if number % 3 == 2 { return try await account.view(of: name) }
                            _ = try await account.append([message], to: name)
                            return nil
                        }
                    }
                    var views: [MailboxView] = []
                    for try await view in group { if let view { views.append(view) } }
                    return views
                }
                for view in views { #expect(view.current.count == 8) }
            }
        }
    }
}
