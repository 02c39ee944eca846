// What two pictures of the mailboxes differ in, and the lines that tell of it: what cannot be timed over the wire.

import IMAPSyntax
import Mail
import MailStore
import Testing

@testable import IMAPServer

@Suite struct NotifyReportTests {
    private static let own = AccountID(rawValue: 1)

    private func mailbox(
        _ id: Int64, _ name: String, validity: UInt32 = 7, messages: Int = 0, unseen: Int = 0, modSeq: UInt64 = 1
    ) throws -> MailboxInfo {
        MailboxInfo(
            id: MailboxID(rawValue: id), name: try MailboxName(name), specialUse: nil,
            uidValidity: try #require(UIDValidity(validity)), uidNext: UInt64(messages) + 1,
            modSeq: try #require(ModSeq(modSeq)), messages: messages, unseen: unseen, deleted: 0, size: 0,
            isSubscribed: false)
    }

    private func key(_ id: Int64) -> MailboxKey { MailboxKey(account: Self.own, mailbox: MailboxID(rawValue: id)) }

    private func catalogue(_ mailboxes: MailboxInfo..., subscriptions: [String] = []) throws -> MailboxCatalogue {
        MailboxCatalogue(
            own: Self.own, mailboxes: mailboxes, subscriptions: Set(try subscriptions.map { try MailboxName($0) }))
    }

    private func state(_ events: [NotifyEvent], own: [OwnName] = []) throws -> NotifyState {
        var state = NotifyState()
        state.interest = try NotifyInterest([NotifyGroup(.personal, events)], metadata: true) { _ in nil }
        state.own = own
        return state
    }

    private static let flags: [NotifyEvent] = [.messageNew([]), .messageExpunge, .flagChange]
    private static let names: [NotifyEvent] = [.mailboxName, .subscriptionChange]

    private func lines(
        _ state: NotifyState, _ old: MailboxCatalogue, _ new: MailboxCatalogue, selected: MailboxKey? = nil,
        _ news: NotifyReport.Messages = .init()
    ) -> [String] {
        var report = NotifyReport(state, old: old, new: new, selected: selected, news: news)
        report.addAll()
        return report.lines.map { line in
            switch line {
            case .list(let name, let attributes, let oldName):
                ([name.text] + attributes.map(\.rawValue) + (oldName.map { ["was \($0.text)"] } ?? []))
                    .joined(separator: " ")
            case .status(let info, let items):
                ([info.name.text] + items.map(\.rawValue)).joined(separator: " ")
            }
        }
    }

    @Test("RFC 5465 §5.1: another UIDVALIDITY under the same name is told with it")
    func replaced() throws {
        let old = try catalogue(mailbox(1, "a", messages: 3))
        let new = try catalogue(mailbox(2, "a", validity: 8))
        #expect(try lines(state(Self.flags), old, new) == ["a MESSAGES UIDNEXT UIDVALIDITY UNSEEN"])
        #expect(try lines(state(Self.names), old, new) == [])
    }

    @Test("messages: what came or went, what was flagged, with and without MODSEQ")
    func messages() throws {
        let old = try catalogue(mailbox(1, "a", messages: 3, unseen: 1), mailbox(2, "b", messages: 1))
        let more = try catalogue(mailbox(1, "a", messages: 4, unseen: 1, modSeq: 2), mailbox(2, "b", messages: 1))
        let seen = try catalogue(mailbox(1, "a", messages: 3, modSeq: 2), mailbox(2, "b", messages: 1))
        let flagged = try catalogue(mailbox(1, "a", messages: 3, unseen: 1, modSeq: 2), mailbox(2, "b", messages: 1))
        let messages: [NotifyEvent] = [.messageNew([]), .messageExpunge]
        #expect(try lines(state(messages), old, more) == ["a MESSAGES UIDNEXT UIDVALIDITY"])
        #expect(try lines(state(messages), old, seen) == [])
        #expect(try lines(state(Self.flags), old, seen) == ["a UIDVALIDITY UNSEEN"])
        #expect(try lines(state(Self.flags), old, flagged) == [])
        let news = NotifyReport.Messages(tellsModSeq: true)
        #expect(try lines(state(messages), old, more, news) == ["a MESSAGES UIDNEXT UIDVALIDITY HIGHESTMODSEQ"])
        #expect(try lines(state(Self.flags), old, flagged, news) == ["a UIDVALIDITY UNSEEN HIGHESTMODSEQ"])
        #expect(try lines(state(Self.flags), old, more, selected: key(1)) == [])
    }

    @Test("what the session did itself is not told; when others did something too, all of it is")
    func ownMessages() throws {
        let old = try catalogue(mailbox(1, "a", messages: 3))
        let new = try catalogue(mailbox(1, "a", messages: 4, modSeq: 2))
        #expect(try lines(state(Self.flags), old, new, .init(own: [key(1)])) == [])
        // The numbers were taken in silently before the news of the others came.
        #expect(
            try lines(state(Self.flags), new, new, .init(untold: [key(1)])) == [
                "a MESSAGES UIDNEXT UIDVALIDITY UNSEEN"
            ])
        #expect(try lines(state(Self.flags), new, new) == [])
    }

    @Test("one's own names are not told while they are as one made them; when they are not, they are")
    func ownNames() throws {
        let (a, b) = (try MailboxName("a"), try MailboxName("b"))
        let none = try catalogue()
        let both = try catalogue(mailbox(1, "a"), mailbox(2, "b"), subscriptions: ["a"])
        let made = OwnName(name: a, exists: true, isSubscribed: true)
        #expect(try lines(state(Self.names, own: [made]), none, both) == ["b \\HasNoChildren"])
        // Created by the client and deleted by another before anybody looked.
        #expect(
            try lines(state(Self.names, own: [made]), none, none) == ["a \\NonExistent \\HasNoChildren"])
        let deleted = OwnName(name: b, exists: false, isSubscribed: nil)
        #expect(
            try lines(state(Self.names, own: [deleted]), both, both) == ["b \\HasNoChildren"])
        let unsubscribed = OwnName(name: a, exists: nil, isSubscribed: false)
        #expect(
            try lines(state(Self.names, own: [unsubscribed]), both, both) == ["a \\HasNoChildren \\Subscribed"])
    }

    @Test("a mailbox that was renamed and whose messages changed too is told of both")
    func renamed() throws {
        let old = try catalogue(mailbox(1, "a"), mailbox(2, "a/b"), mailbox(3, "c"))
        let new = try catalogue(mailbox(1, "x"), mailbox(2, "x/b"), mailbox(3, "x/c", messages: 1, modSeq: 2))
        #expect(
            try lines(state(Self.names + Self.flags), old, new) == [
                "x \\HasChildren was a", "x/c \\HasNoChildren was c", "x/c MESSAGES UIDNEXT UIDVALIDITY UNSEEN",
            ])
    }

    @Test("news that nobody cares for neither wait nor wake; what waits is joined")
    func box() throws {
        let box = NewsBox()
        let ids = (1...3).map { MailboxID(rawValue: $0) }
        var news = AccountNews()
        news.mailboxes = [ids[0], ids[1]]
        #expect(box.add(news, of: Self.own))
        box.observe([Self.own: [ids[1]]], names: false, annotations: false)
        #expect(box.add(news, of: Self.own))
        var others = AccountNews()
        others.mailboxes = [ids[2]]
        others.hasNewNames = true
        others.hasNewAnnotations = true
        #expect(!box.add(others, of: Self.own))
        #expect(!box.add(news, of: AccountID(rawValue: 2)))
        let taken = box.take()
        #expect(taken.accounts[Self.own]?.mailboxes == [ids[0], ids[1]] && taken.accounts.count == 1)
        #expect(box.take().accounts.isEmpty)
        box.observe([:], names: true, annotations: true)
        #expect(box.add(others, of: Self.own))
    }
}
