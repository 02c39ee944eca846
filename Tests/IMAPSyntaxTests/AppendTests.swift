// What a literal is when the command that announces it may be APPEND.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct AppendTests {
    private func context(_ prefix: String) -> LiteralContext {
        literalContext(ByteBuffer(string: prefix), limits: .standard)
    }

    @Test("the head of an APPEND")
    func heads() throws {
        let date = try #require(MailDate(imapDateTime: "17-Jul-1996 02:44:25 -0700"))
        let cases: [(String, Append)] = [
            ("INBOX ", Append(mailbox: "INBOX")),
            ("{5}\r\na b/c ", Append(mailbox: "a b/c")),
            ("\"a\" () ", Append(mailbox: "a")),
            ("a (\\Seen $X) ", Append(mailbox: "a", flags: Flags([.seen], keywords: [Keyword("$x")!]))),
            ("a \"17-Jul-1996 02:44:25 -0700\" ", Append(mailbox: "a", date: date)),
            ("a (\\draft) \"17-jul-1996 02:44:25 -0700\" ", Append(mailbox: "a", flags: Flags([.draft]), date: date)),
            (
                "a \" 7-Jul-1996 02:44:25 +0000\" ",
                Append(mailbox: "a", date: MailDate(imapDateTime: "07-Jul-1996 02:44:25 +0000"))
            ),
        ]
        for (text, append) in cases {
            #expect(context("t append \(text)") == .message(TaggedAppendHead(tag: "t", append: append)), "\(text)")
        }
    }

    @Test(
        "a literal that is no message",
        arguments: ["t LOGIN ", "t APPEND ", "t FOO ", "t UID FETCH 1 (BODY[HEADER.FIELDS ("])
    func arguments(_ prefix: String) {
        #expect(context(prefix) == .argument)
    }

    @Test(
        "an APPEND that cannot go on with a literal is BAD",
        arguments: [
            "APPEND", "APPEND a", "APPEND a (\\Seen)", "APPEND a(\\Seen) ", "APPEND a (\\Recent) ", "APPEND a (\\*) ",
            "APPEND a (\\Seen ", "APPEND a \"x\" ", "APPEND a  ", "APPEND a ~", "APPEND a UTF8 (", "APPEND a UTF8 (~",
            "APPEND a CATENATE (TEXT ", "APPEND % ", "APPEND a {1}\r\nx ", "APPEND a () () ",
        ])
    func refused(_ prefix: String) {
        guard case .bad(let bad) = context("t " + prefix) else {
            Issue.record("accepted")
            return
        }
        #expect(bad.tag == "t")
    }

    @Test(
        "case 68: a date that no calendar has is BAD",
        arguments: [
            "00-Jan-2000 00:00:00 +0000", "31-Feb-2000 00:00:00 +0000", "29-Feb-1900 00:00:00 +0000",
            "01-Jan-0000 00:00:00 +0000", "01-Foo-2000 00:00:00 +0000", "01-Jan-2000 99:99:99 +0000",
            "01-Jan-2000 24:00:00 +0000", "01-Jan-2000 00:00:00 +9999", "01-Jan-2000 00:00:00 UTC",
            "01-Jan-2000 00:00:00", "01-Jan-20000 00:00:00 +0000", "-1-Jan-2000 00:00:00 +0000", "",
        ])
    func dates(_ date: String) {
        guard case .bad = context("t APPEND a \"\(date)\" ") else {
            Issue.record("accepted")
            return
        }
    }

    @Test("case 68: the first and last years are kept as they are")
    func extremes() {
        for date in ["03-Jan-0001 00:00:00 +0000", "29-Dec-9999 23:59:59 +2359", "29-Dec-9999 23:59:59 -2359"] {
            guard case .message(let head) = context("t APPEND a \"\(date)\" ") else {
                Issue.record("refused \(date)")
                continue
            }
            #expect(head.append.date?.imapDateTime == date.replacing("03-Jan", with: " 3-Jan"))
        }
    }
}
