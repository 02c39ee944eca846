// NOTIFY's grammar: what is understood, what is BAD, what is left to a NO.

import Mail
import NIOCore
import Testing

@testable import IMAPSyntax

@Suite struct NotifyTests {
    private static func parse(_ text: String) -> Result<Command, BadCommand> {
        parseCommand(ByteBuffer(string: "a NOTIFY \(text)")).map(\.command)
    }

    @Test("what is understood", arguments: [
        ("NONE", Notify.none),
        ("set (selected NONE)", .set(status: false, [NotifyGroup(.selected, [])])),
        (
            "SET STATUS (personal (MessageNew MessageExpunge FlagChange MailboxName))",
            .set(status: true, [NotifyGroup(.personal, [.messageNew([]), .messageExpunge, .flagChange, .mailboxName])])
        ),
        (
            "SET (selected-delayed (MessageNew (UID BODY.PEEK[HEADER.FIELDS (From)]) MessageExpunge))",
            .set(
                status: false,
                [
                    NotifyGroup(
                        .selectedDelayed,
                        [
                            .messageNew([
                                .uid,
                                .section(Section(text: .headerFields(["From"])), peek: true, partial: nil),
                            ]), .messageExpunge,
                        ])
                ])
        ),
        (
            "SET (selected MessageNew (uid) MessageExpunge) (subtree Lists (MailboxName))",
            .set(
                status: false,
                [
                    NotifyGroup(.selected, [.messageNew([.uid]), .messageExpunge]),
                    NotifyGroup(.subtree(["Lists"].map { MailboxArgument($0) }), [.mailboxName]),
                ])
        ),
        (
            "SET (mailboxes (INBOX \"a b\" {1+}\r\nc) (SubscriptionChange)) (subscribed (x-new)) (inboxes NONE)",
            .set(
                status: false,
                [
                    NotifyGroup(
                        .mailboxes(["INBOX", "a b", "c"].map { MailboxArgument($0) }), [.subscriptionChange]),
                    NotifyGroup(.subscribed, [.unknown("x-new")]), NotifyGroup(.inboxes, []),
                ])
        ),
        (
            "SET (personal (AnnotationChange MessageExpunge MessageNew MailboxMetadataChange ServerMetadataChange))",
            .set(
                status: false,
                [
                    NotifyGroup(
                        .personal,
                        [
                            .annotationChange, .messageExpunge, .messageNew([]), .mailboxMetadataChange,
                            .serverMetadataChange,
                        ])
                ])
        ),
    ])
    func understood(text: String, notify: Notify) throws {
        #expect(try Self.parse(text).get() == .notify(notify))
    }

    @Test("what is BAD", arguments: [
        "", "SET", "SET ", "SET STATUS", "ALL", "SET ()", "SET (selected)", "SET (selected ())",
        "SET (selected (MessageNew))", "SET (selected (MessageExpunge))", "SET (personal (FlagChange))",
        "SET (personal (MessageNew FlagChange))", "SET (personal (AnnotationChange))",
        "SET (selected NONE) (selected-delayed NONE)", "SET (selected NONE) (selected NONE)",
        "SET (selected (MessageNew MessageExpunge MailboxName))", "SET (selected (SubscriptionChange))",
        "SET (personal (MessageNew (UID) MessageExpunge))", "SET (subtree (MessageNew MessageExpunge))",
        "SET (mailboxes () (MailboxName))", "SET (everything (MailboxName))", "SET (personal (MailboxName)) STATUS",
        "SET (personal (MailboxName)", "SET (personal (MailboxName)))", "NONE (personal NONE)",
        "SET (selected (MessageNew (NOSUCH) MessageExpunge))",
    ])
    func bad(text: String) {
        guard case .failure(let bad) = Self.parse(text) else {
            Issue.record("\(text) was taken")
            return
        }
        #expect(bad.tag == "a")
    }

    @Test("RFC 5465 §7: UPDATE takes FETCH items, with a space before them or without")
    func update() throws {
        for (text, items) in [
            ("UPDATE", []), ("UPDATE(UID)", [FetchItem.uid]), ("UPDATE (UID FLAGS) COUNT", [.uid, .flags]),
            ("COUNT UPDATE", []),
        ] {
            for command in ["SEARCH RETURN (\(text)) ALL", "SORT RETURN (\(text)) (DATE) UTF-8 ALL"] {
                let parsed = try parseCommand(ByteBuffer(string: "a \(command)")).map(\.command).get()
                let results: SearchResults? =
                    switch parsed {
                    case .search(let search): search.results
                    case .sort(let sort): sort.results
                    default: nil
                    }
                #expect(results?.options.contains(.update) == true && results?.updateItems == items, "\(command)")
            }
        }
        for text in ["UPDATE ()", "UPDATE (NOSUCH)", "UPDATE (UID) UPDATE", "COUNT (UID)", "UPDATE (UID"] {
            guard case .failure = parseCommand(ByteBuffer(string: "a SEARCH RETURN (\(text)) ALL")) else {
                Issue.record("\(text) was taken")
                continue
            }
        }
    }

    @Test("case 75: many groups, events and names are counted")
    func limits() {
        let group = " (personal (MailboxName))"
        for (text, isRight) in [
            ("SET" + String(repeating: group, count: 200), true), ("SET" + String(repeating: group, count: 201), false),
            ("SET (personal (" + String(repeating: "x ", count: 200) + "x))", false),
            ("SET (mailboxes (" + String(repeating: "x ", count: 200) + "x) (MailboxName))", false),
        ] {
            let isTaken = if case .success = Self.parse(text) { true } else { false }
            #expect(isTaken == isRight)
        }
    }
}
