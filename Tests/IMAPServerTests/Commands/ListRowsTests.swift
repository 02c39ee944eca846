// Which names a LIST tells: the examples of RFC 5258 §5 and RFC 9051 §6.3.9.8, and what they leave open.

import IMAPSyntax
import Mail
import MailStore
import NIOCore
import TestSupport
import Testing

@testable import IMAPServer

@Suite struct ListRowsTests {
    /// A tree, what of it is subscribed, a command, and what is told of which names, in order.
    struct Case: Sendable, CustomTestStringConvertible {
        var tree: [String]
        var subscribed: [String] = []
        var line: String
        var told: [String]
        var testDescription: String { "\(line) \(tree) \(subscribed)" }
    }

    static let fruit = [
        "INBOX", "Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn",
    ]
    static let eaten = ["INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli"]

    static let ofSection5: [Case] = [
        // Example 2.
        Case(
            tree: fruit, subscribed: eaten, line: #"(SUBSCRIBED) "" "*""#,
            told: [
                "INBOX \\HasNoChildren \\Subscribed", "Fruit/Banana \\HasNoChildren \\Subscribed",
                "Fruit/Peach \\HasNoChildren \\NonExistent \\Subscribed", "Vegetable \\HasChildren \\Subscribed",
                "Vegetable/Broccoli \\HasNoChildren \\Subscribed",
            ]),
        // Example 3.
        Case(
            tree: fruit, line: #"() "" "%" RETURN (CHILDREN)"#,
            told: [
                "INBOX \\HasNoChildren", "Fruit \\HasChildren", "Tofu \\HasNoChildren", "Vegetable \\HasChildren",
            ]),
        // Example 5: REMOTE adds nothing where there is nothing.
        Case(
            tree: fruit, subscribed: eaten, line: #"(REMOTE SUBSCRIBED) "" "F*""#,
            told: [
                "Fruit/Banana \\HasNoChildren \\Subscribed", "Fruit/Peach \\HasNoChildren \\NonExistent \\Subscribed",
            ]),
        // Example 6.
        Case(
            tree: fruit, subscribed: eaten, line: #"(REMOTE) "" "Fruit*" RETURN (SUBSCRIBED)"#,
            told: [
                "Fruit \\HasChildren", "Fruit/Apple \\HasNoChildren", "Fruit/Banana \\HasNoChildren \\Subscribed",
            ]),
        // Example 7: one reply, however many patterns match.
        Case(
            tree: ["INBOX", "Drafts", "Sent", "Sent/March2004", "Sent/x/y"],
            line: #""" ("INBOX" "Drafts" "Sent/%" "S%/M*")"#,
            told: [
                "INBOX \\HasNoChildren", "Drafts \\HasNoChildren", "Sent/March2004 \\HasNoChildren",
                "Sent/x \\HasChildren \\NonExistent",
            ]),
        // Example 8.
        Case(
            tree: ["INBOX", "Foo", "Foo/Bar", "Foo/Baz", "Moo"], subscribed: ["Foo/Baz"], line: #"(SUBSCRIBED) "" "%""#,
            told: []),
        Case(
            tree: ["INBOX", "Foo", "Foo/Bar", "Foo/Baz", "Moo"], subscribed: ["Foo/Baz"],
            line: #"(SUBSCRIBED RECURSIVEMATCH) "" "%""#, told: ["Foo \\HasChildren CHILDINFO"]),
        // Example 8, A1.
        Case(
            tree: ["INBOX", "Foo", "Foo/Bar", "Foo/Baz", "Moo"], subscribed: ["Foo", "Foo/Baz"],
            line: #"(SUBSCRIBED RECURSIVEMATCH) "" "%""#, told: ["Foo \\HasChildren \\Subscribed CHILDINFO"]),
        // Example 8, A2.
        Case(
            tree: ["INBOX", "Moo"], subscribed: ["Foo/Baz"], line: #"(SUBSCRIBED RECURSIVEMATCH) "" "%""#,
            told: ["Foo \\HasNoChildren \\NonExistent CHILDINFO"]),
        // Example 8, B and C.
        Case(
            tree: ["INBOX", "Foo", "Foo/Bar", "Moo"], line: #"(SUBSCRIBED RECURSIVEMATCH) "" "%""#, told: []),
        Case(
            tree: ["INBOX", "Foo", "Foo/Bar", "Moo"], subscribed: ["Foo", "Moo"],
            line: #"(SUBSCRIBED RECURSIVEMATCH) "" "%" RETURN (CHILDREN)"#,
            told: ["Foo \\HasChildren \\Subscribed", "Moo \\HasNoChildren \\Subscribed"]),
        // Example 10.
        Case(
            tree: ["foo"], subscribed: ["foo/bar"], line: #"(SUBSCRIBED RECURSIVEMATCH) "" foo RETURN (CHILDREN)"#,
            told: ["foo \\HasNoChildren CHILDINFO"]),
        // Example 11.
        Case(
            tree: ["music/rock"], line: #"() "" %"#, told: ["music \\HasChildren \\NonExistent"]),
        Case(
            tree: ["music/rock"], line: #""" (% music/rock)"#, told: ["music/rock \\HasNoChildren"]),
    ]

    static let deep = [
        "INBOX", "foo2", "foo2/bar1", "foo2/bar2", "baz2", "baz2/bar2", "baz2/bar22", "baz2/bar222", "eps2",
        "eps2/mamba", "qux2/bar2",
    ]
    static let deepSubscribed = [
        "foo2/bar1", "foo2/bar2", "baz2/bar2", "baz2/bar22", "baz2/bar222", "eps2", "eps2/mamba", "qux2/bar2",
    ]

    static let others: [Case] = [
        // Example 9: without what is redundant.
        Case(
            tree: deep, subscribed: deepSubscribed, line: #"(RECURSIVEMATCH SUBSCRIBED) "" "*2""#,
            told: [
                "baz2/bar2 \\HasNoChildren \\Subscribed", "baz2/bar22 \\HasNoChildren \\Subscribed",
                "baz2/bar222 \\HasNoChildren \\Subscribed", "eps2 \\HasChildren \\Subscribed CHILDINFO",
                "foo2 \\HasChildren CHILDINFO", "foo2/bar2 \\HasNoChildren \\Subscribed",
                "qux2/bar2 \\HasNoChildren \\Subscribed",
            ]),
        // An old client knows \Noselect only.
        Case(tree: ["music/rock"], line: #""" %"#, told: ["music \\HasChildren \\Noselect"]),
        Case(tree: ["a/b/c/d"], line: #"() "" a/%"#, told: ["a/b \\HasChildren \\NonExistent"]),
        Case(tree: ["a"], line: #""" (a "" A)"#, told: ["a \\HasNoChildren"]),
        Case(tree: ["a"], line: #"() a """#, told: []),
        Case(
            tree: ["a"], subscribed: ["x/y/z"], line: #"(SUBSCRIBED RECURSIVEMATCH) "" (x x/%)"#,
            told: ["x \\HasNoChildren \\NonExistent CHILDINFO", "x/y \\HasNoChildren \\NonExistent CHILDINFO"]),
        // No wildcard of ours, no name that could be: nothing.
        Case(tree: ["a"], line: #""" ("&" "//")"#, told: []),
    ]

    @Test("names, attributes and CHILDINFO", arguments: ofSection5 + others)
    func told(_ entry: Case) throws {
        guard case .list(let list) = try parseCommand(ByteBuffer(string: "a LIST \(entry.line)")).get().command else {
            throw TestFailure("no LIST")
        }
        let rows = try ListRows(
            list: list, mailboxes: entry.tree.enumerated().map { try .sample($0.offset, $0.element) },
            subscriptions: Set(entry.subscribed.map { try MailboxName($0) })
        ).rows
        let told = rows.map { row in
            ([row.name.text] + row.attributes.map(\.rawValue).sorted() + (row.hasChildInfo ? ["CHILDINFO"] : []))
                .joined(separator: " ")
        }
        #expect(told == entry.told)
    }

    @Test("case 74: many subscriptions deep down cost what the tree has")
    func deepSubscriptions() throws {
        let names = try (0..<20_000).map { number in
            try MailboxName((0..<20).map { "level \($0)" }.joined(separator: "/") + "/\(number)")
        }
        let list = List(
            reference: MailboxArgument(""), patterns: [MailboxPatternArgument("%")],
            selections: [.subscribed, .recursiveMatch])
        // Some seconds under the sanitizer; a look at each name for each other one would take an hour.
        var rows: [ListRows.Row] = []
        let took = processorTime {
            rows = ListRows(list: list, mailboxes: [], subscriptions: Set(names)).rows
        }
        #expect(rows.map(\.name.text) == ["level 0"])
        #expect(took < 60)
    }
}

extension MailboxInfo {
    /// An empty mailbox.
    static func sample(_ number: Int, _ name: String) throws -> MailboxInfo {
        MailboxInfo(
            id: MailboxID(rawValue: Int64(number + 1)), name: try MailboxName(name), specialUse: nil,
            uidValidity: UIDValidity(7)!, uidNext: 1, modSeq: ModSeq(1)!, messages: 0, unseen: 0, deleted: 0, size: 0,
            isSubscribed: false)
    }
}
