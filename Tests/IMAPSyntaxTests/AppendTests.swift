// What a literal is when the command that announces it may be APPEND.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct AppendTests {
    private func read(_ text: String, isEnd: Bool = false) -> AppendGrammar.Reading {
        var grammar = AppendGrammar(limits: .standard)
        return grammar.read(ByteBuffer(string: text), isEnd: isEnd)
    }

    @Test("the head of an APPEND")
    func heads() throws {
        let date = try #require(MailDate(imapDateTime: "17-Jul-1996 02:44:25 -0700"))
        let early = MailDate(imapDateTime: "07-Jul-1996 02:44:25 +0000")
        let seen = Flags([.seen], keywords: [Keyword("$x")!])
        let cases: [(String, MailboxArgument, AppendOptions)] = [
            ("INBOX ", "INBOX", AppendOptions()),
            ("{5}\r\na b/c ", "a b/c", AppendOptions()),
            ("\"a\" () ", "a", AppendOptions()),
            ("a (\\Seen $X) ", "a", AppendOptions(flags: seen)),
            ("a \"17-Jul-1996 02:44:25 -0700\" ", "a", AppendOptions(date: date)),
            (
                "a (\\draft) \"17-jul-1996 02:44:25 -0700\" ", "a", AppendOptions(flags: Flags([.draft]), date: date)
            ),
            ("a \" 7-Jul-1996 02:44:25 +0000\" ", "a", AppendOptions(date: early)),
        ]
        for (text, mailbox, options) in cases {
            let begin = AppendStep.begin(AppendHead(tag: "t", mailbox: mailbox))
            let steps = [begin, .message(options)]
            #expect(read("t append \(text)") == .data(steps + [.literal(.text)]), "\(text)")
            #expect(read("t append \(text)~") == .data(steps + [.literal(.binary)]), "\(text)~")
            #expect(read("t append \(text)UTF8 (~") == .data(steps + [.literal(.utf8)]), "\(text)UTF8")
        }
    }

    @Test("RFC 3502, RFC 4469: pieces of one command")
    func pieces() {
        var grammar = AppendGrammar(limits: .standard)
        func next(_ text: String, isEnd: Bool = false) -> AppendGrammar.Reading {
            grammar.read(ByteBuffer(string: text), isEnd: isEnd)
        }
        let begin = AppendStep.begin(AppendHead(tag: "t", mailbox: "a"))
        let message = AppendStep.message(AppendOptions())
        #expect(next("t APPEND a ") == .data([begin, message, .literal(.text)]))
        #expect(next(" CATENATE (URL u TEXT ") == .data([message, .catenate, .url([0x75]), .literal(.text)]))
        #expect(next(" URL ") == .argument)
        #expect(next(" URL {1}\r\nv UTF8 (~") == .data([.url([0x76]), .literal(.utf8)]))
        #expect(next(") URL w) UTF8 (~") == .data([.url([0x77]), message, .literal(.utf8)]))
        #expect(next(")  ", isEnd: true) == .end([]))
    }

    @Test("RFC 8508: the head of a REPLACE")
    func replace() {
        let head = AppendHead(
            tag: "t", mailbox: "a", replaced: .uid(MessageSet([.init(.number(UID(4)!), .number(UID(4)!))])))
        #expect(
            read("t UID REPLACE 4 a ") == .data([.begin(head), .message(AppendOptions()), .literal(.text)]))
        #expect(read("t REPLACE 4 ") == .argument)
    }

    @Test("a mailbox's name or a URL that is a literal", arguments: ["t APPEND ", "t APPEND a CATENATE (URL "])
    func arguments(_ prefix: String) {
        #expect(read(prefix) == .argument)
    }

    @Test(
        "an APPEND that cannot go on with a literal is BAD",
        arguments: [
            "APPEND", "APPEND a", "APPEND a (\\Seen)", "APPEND a(\\Seen) ", "APPEND a (\\Recent) ", "APPEND a (\\*) ",
            "APPEND a (\\Seen ", "APPEND a \"x\" ", "APPEND a  ", "APPEND a UTF8 (", "APPEND a UTF8 ~",
            "APPEND a CATENATE (TEXT", "APPEND a CATENATE (URL u ", "APPEND a FOO ", "UID APPEND a ", "REPLACE a ",
            "REPLACE 1,2 a ", "REPLACE 0 a ", "APPEND % ", "APPEND a {1}\r\nx ", "APPEND a () () ",
        ])
    func refused(_ prefix: String) {
        guard case .bad(let bad) = read("t " + prefix) else {
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
        guard case .bad = read("t APPEND a \"\(date)\" ") else {
            Issue.record("accepted")
            return
        }
    }

    @Test("case 68: the first and last years are kept as they are")
    func extremes() {
        for date in ["03-Jan-0001 00:00:00 +0000", "29-Dec-9999 23:59:59 +2359", "29-Dec-9999 23:59:59 -2359"] {
            guard case .data(let steps) = read("t APPEND a \"\(date)\" "), case .message(let options) = steps[1] else {
                Issue.record("refused \(date)")
                continue
            }
            #expect(options.date?.imapDateTime == date.replacing("03-Jan", with: " 3-Jan"))
        }
    }
}
