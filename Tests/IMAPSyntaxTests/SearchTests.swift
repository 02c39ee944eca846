// SEARCH: every key, the tree, its bounds.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct SearchTests {
    private func key(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> SearchKey {
        guard case .search(let search) = try command("a SEARCH \(text)", sourceLocation: sourceLocation) else {
            return .all
        }
        return search.key
    }

    private static func day(_ text: String) -> Int { MailDate.dayNumber(imapDate: text) ?? .min }
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    static let keys: [(String, SearchKey)] = [
        ("ALL", .all), ("ANSWERED", .flag(.answered)), ("deleted", .flag(.deleted)), ("DRAFT", .flag(.draft)),
        ("FLAGGED", .flag(.flagged)), ("SEEN", .flag(.seen)), ("UNANSWERED", .not(.flag(.answered))),
        ("UNDELETED", .not(.flag(.deleted))), ("UNDRAFT", .not(.flag(.draft))), ("UNFLAGGED", .not(.flag(.flagged))),
        ("UNSEEN", .not(.flag(.seen))), ("NEW", .and([.recent, .not(.flag(.seen))])), ("OLD", .not(.recent)),
        ("RECENT", .recent), ("BCC x", .text(.bcc, bytes("x"))), ("CC x", .text(.cc, bytes("x"))),
        ("FROM \"a b\"", .text(.from, bytes("a b"))), ("TO x", .text(.to, bytes("x"))),
        ("SUBJECT {3+}\r\na\"b", .text(.subject, bytes("a\"b"))), ("BODY \"\"", .text(.body, [])),
        ("TEXT \"grün\"", .text(.text, bytes("grün"))),
        ("HEADER Message-ID <a@b>", .text(.header("Message-ID"), bytes("<a@b>"))),
        ("HEADER X \"\"", .text(.header("X"), [])),
        ("BEFORE 1-Feb-1994", .date(.internal, .before, day: day("1-Feb-1994"))),
        ("ON \"01-feb-1994\"", .date(.internal, .on, day: day("1-Feb-1994"))),
        ("SINCE 31-Dec-1999", .date(.internal, .since, day: day("31-Dec-1999"))),
        ("SENTBEFORE 1-Feb-1994", .date(.sent, .before, day: day("1-Feb-1994"))),
        ("SENTON 29-Feb-2000", .date(.sent, .on, day: day("29-Feb-2000"))),
        ("SENTSINCE 1-Feb-1994", .date(.sent, .since, day: day("1-Feb-1994"))),
        ("KEYWORD $Forwarded", .keyword(Keyword("$forwarded")!)), ("UNKEYWORD x", .not(.keyword(Keyword("x")!))),
        ("LARGER 0", .larger(0)), ("SMALLER 4294967296", .smaller(4_294_967_296)),
        ("UID 1:*", .messages(.uid(uids((1, nil))))),
        ("2,4:7", .messages(.sequence(sequence((2, 2), (4, 7))))), ("*", .messages(.sequence(sequence((nil, nil))))),
        ("NOT SEEN", .not(.flag(.seen))), ("OR SEEN DRAFT", .or(.flag(.seen), .flag(.draft))),
        ("SEEN DRAFT", .and([.flag(.seen), .flag(.draft)])), ("(SEEN)", .flag(.seen)),
        ("NOT (SEEN 1)", .not(.and([.flag(.seen), .messages(.sequence(sequence((1, 1))))]))),
        ("OR (OR SEEN DRAFT) NOT NOT ALL", .or(.or(.flag(.seen), .flag(.draft)), .not(.not(.all)))),
    ]

    @Test("every key", arguments: keys)
    func understood(_ text: String, _ expected: SearchKey) throws {
        #expect(try key(text) == expected)
        #expect(try key("(\(text))") == expected)
        guard case .search(let search) = try command("a UID SEARCH CHARSET utf-8 \(text)") else { return }
        #expect(search == Search(numbering: .uid, charset: "utf-8", key: expected))
    }

    @Test(
        "keys that are none are BAD",
        arguments: [
            "", "FOO", "()", "(SEEN", "SEEN)", "(SEEN))", "NOT", "NOT ", "OR SEEN", "OR SEEN ", "FROM", "FROM ",
            "FROM  x",
            "HEADER x", "HEADER \"a b\" x", "HEADER a: x", "HEADER \"\" x", "BEFORE", "BEFORE x", "BEFORE 1994-02-01",
            "LARGER", "LARGER x", "LARGER -1", "SMALLER 99999999999999999999", "UID", "UID x", "KEYWORD",
            "KEYWORD \\Seen",
            "KEYWORD a]b", "CHARSET", "CHARSET UTF-8", "CHARSET UTF-8 ", "SEEN  DRAFT", "UNSEEN,DRAFT", "SEENDRAFT",
            "RETURN (ALL PARTIAL 1:2) ALL", "RETURN (FOO) ALL", "RETURN ALL", "RETURN () ", "OLDER 0",
            "MODSEQ", "EMAILID a.b",
            "FROM (a)", "TEXT \"a",
        ])
    func refused(_ text: String) { #expect(reason("a SEARCH \(text)") != nil) }

    @Test(
        "case 68: days that are none are BAD",
        arguments: [
            "1-Jan-0000", "31-Feb-2000", "0-Jan-2000", "32-Jan-2000", "1-Jan-20000", "1-Jan-99", "1-Foo-2000", "1-Jan",
            "99999999999-Jan-2000",
        ])
    func days(_ text: String) { #expect(reason("a SEARCH SINCE \(text)") != nil) }

    @Test("case 60: nesting is BAD beyond 50, and 10,000 deep costs nothing")
    func nesting() throws {
        let limit = SyntaxLimits.standard.nesting
        for (open, close, depth) in [("(", ")", 1), ("NOT ", "", 1), ("OR ALL ", "", 1), ("(NOT OR ALL (", "))", 4)] {
            func nested(_ levels: Int) -> String {
                "a SEARCH " + String(repeating: open, count: levels) + "SEEN" + String(repeating: close, count: levels)
            }
            let most = (limit - 1) / depth
            #expect(reason(nested(most)) == nil, "\(open)")
            #expect(reason(nested(most + 1)) == "SEARCH is nested too deep", "\(open)")
            #expect(reason(nested(10_000)) == "SEARCH is nested too deep", "\(open)")
        }
    }

    @Test("too many keys are BAD")
    func count() {
        let limit = SyntaxLimits.standard.searchKeys
        #expect(reason("a SEARCH" + String(repeating: " SEEN", count: limit)) == nil)
        #expect(reason("a SEARCH" + String(repeating: " SEEN", count: limit + 1)) == "SEARCH has too many keys")
    }
}
