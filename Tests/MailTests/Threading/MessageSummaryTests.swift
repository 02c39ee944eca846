// Message identifiers, and what sorting and threading take from a header.

import Mail
import TestSupport
import Testing

@Suite struct MessageIDsTests {
    @Test(
        arguments: [
            ("", []), ("<a@b>", ["a@b"]), ("<a@b> <c@d>\t<e@f>", ["a@b", "c@d", "e@f"]),
            ("<a@b><c@d>", ["a@b", "c@d"]),
            ("Your message of \"Mon\" <a@b>", ["a@b"]), ("a@b", []), ("<a>", []), ("<@b>", []), ("<a@>", []),
            ("<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>", ["01KF8JCEOCBS0045PS@xxx.yyy.com"]),
            ("<01KF8JCEOCBS0045PS@xxx.yyy.com>", ["01KF8JCEOCBS0045PS@xxx.yyy.com"]),
            ("<\"a\\\"b\"@c>", ["a\"b@c"]), ("<\"a>b\"@c>", ["a>b@c"]), ("<\"a@b\"@c>", ["a@b@c"]), ("<\"a@b\">", []),
            ("< a @ b >", ["a@b"]), ("<a@b", []), ("<x <a@b>", ["a@b"]), ("<<a@b>>", ["a@b"]),
            ("<A@B> <a@b>", ["A@B", "a@b"]),
        ])
    func reads(_ value: String, expected: [String]) {
        #expect(MessageIDs.all(in: bytes(value)).map(text) == expected)
        #expect(MessageIDs.first(in: bytes(value)).map(text) == expected.first)
    }

    @Test("brackets without end cost linear time", arguments: ["<", "<a@b> ", "<\"", "<a@"])
    func linear(_ piece: String) {
        func brackets(_ count: Int) -> [UInt8] { bytes(String(repeating: piece, count: count)) }
        #expect(growth(to: 100_000, of: brackets) { _ = MessageIDs.all(in: $0) } < 1.5)
    }
}

@Suite struct MessageSummaryTests {
    static let header = """
        Date: Sun, 31 Dec 2000 16:01:33 -0800
        From: =?utf-8?q?J=C3=BCrgen?= <Juergen@example.org>, b@example.org
        To: "Team": a@example.org, c@example.org;
        Cc: plain@example.org
        Subject: Re: [list] =?utf-8?b?w5xiZXI=?= all
        Message-ID: <"one"@example.org>
        In-Reply-To: <two@example.org>
        References: <zero@example.org>
         <two@example.org>

        """

    @Test func readsTheHeader() {
        let summary = MessageSummary(header: message(Self.header))
        #expect(summary.sortKeys.sentDate == 978_307_293)
        #expect(summary.sortKeys.subject == CaseFolding.fold("über all"))
        #expect(summary.sortKeys.from == CaseFolding.fold("juergen"))
        #expect(summary.sortKeys.displayFrom == CaseFolding.fold("JÜRGEN"))
        // The first element of To is the group's beginning, as in ENVELOPE.
        #expect(summary.sortKeys.to == CaseFolding.fold("team"))
        #expect(summary.sortKeys.displayTo == CaseFolding.fold("team"))
        #expect(summary.sortKeys.cc == CaseFolding.fold("plain"))
        #expect(summary.messageID == bytes("one@example.org"))
        #expect(summary.references == [bytes("zero@example.org"), bytes("two@example.org")])
        #expect(summary.isReplyOrForward)
    }

    @Test(
        "without References the first identifier of In-Reply-To is the parent",
        arguments: [
            ("In-Reply-To: <a@b> <c@d>", ["a@b"]), ("References: nonsense\nIn-Reply-To: <a@b>", ["a@b"]),
            ("In-Reply-To: yours of Monday", []), ("References: <x@y>\nIn-Reply-To: <a@b>", ["x@y"]),
            ("Subject: x", []),
        ])
    func references(_ fields: String, expected: [String]) {
        #expect(MessageSummary(header: message(fields + "\n\n")).references.map(text) == expected)
    }

    @Test func nothingIsEmpty() {
        let keys = MessageSummary(header: message("\n")).sortKeys
        #expect(keys == SortKeys(sentDate: nil, subject: [], from: [], to: [], cc: [], displayFrom: [], displayTo: []))
        let partial = MessageSummary(header: message("From: <@>\nTo: <a@b>\n\n")).sortKeys
        #expect(partial.displayTo == CaseFolding.fold("a@b"))
        #expect(partial.to == CaseFolding.fold("a"))
    }

    @Test func longListsKeepTheirNearestAncestors() {
        let ids = (0..<5_000).map { "<\($0)@x>" }.joined(separator: "\n ")
        let summary = MessageSummary(header: message("References: \(ids)\n\n"))
        #expect(summary.references.count == MessageIDs.mostReferences)
        #expect(summary.references.last == bytes("4999@x"))
        let name = String(repeating: "ä", count: 10_000)
        let keys = MessageSummary(header: message("From: \"\(name)\" <\(name)@x>\n\n")).sortKeys
        #expect(keys.from.count == SortKeys.longestAddress)
        #expect(keys.displayFrom.count == SortKeys.longestAddress)
    }

    @Test(
        "the parser and the header alone give the same, of every message of the corpus",
        .enabled(if: SharedCorpus.isThere, "the shared corpus is not beside the checkout"))
    func parserAgrees() throws {
        for path in SharedCorpus.files(".eml", ".txt", ".msg") {
            let message = try SharedCorpus.bytes(path)
            let parsed = MessageParser.parse(message)
            #expect(MessageSummary(header: Array(message.prefix(parsed.headerSize))) == parsed.summary, "\(path)")
        }
    }
}
