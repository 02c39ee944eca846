// Address lists, as the standard has them and as senders write them.

import Mail
import TestSupport
import Testing

@Suite struct AddressParserTests {
    /// `name|route|local|domain`, `{name` and `}` for groups.
    private func summary(_ value: String) -> [String] {
        AddressParser.parse(bytes(value)).map { address in
            switch address {
            case .mailbox(let box):
                [box.name ?? [], box.route ?? [], box.localPart, box.domain].map { text($0) }.joined(separator: "|")
            case .groupStart(let name): "{" + text(name)
            case .groupEnd: "}"
            }
        }
    }

    @Test(arguments: [
        ("a@b", ["||a|b"]), ("<a@b>", ["||a|b"]), ("A B <a@b>", ["A B||a|b"]),
        ("\"A \\\"q\\\" B\" <a@b>", ["A \"q\" B||a|b"]),
        ("a@b (Real Name)", ["Real Name||a|b"]), ("A (no) <a@b>", ["A||a|b"]), ("a@b, c@d", ["||a|b", "||c|d"]),
        ("a@b,,c@d,", ["||a|b", "||c|d"]), ("g: a@b, c@d;", ["{g", "||a|b", "||c|d", "}"]),
        ("undisclosed-recipients:;", ["{undisclosed-recipients", "}"]), ("g:a@b;, c@d", ["{g", "||a|b", "}", "||c|d"]),
        ("<@r1,@r2:a@b>", ["|@r1,@r2|a|b"]), ("\"a b\"@c", ["||a b|c"]), ("a . b @ c . d", ["||a.b|c.d"]),
        ("a@[1.2.3.4]", ["||a|[1.2.3.4]"]),
        ("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", ["Pete||pete|silly.test"]),
        ("John Q. Public <j@x>", ["John Q. Public||j|x"]), ("a@b <c@d>", ["a@b||c|d"]),
        ("a@b c@d", ["||a|b", "||c|d"]),
        ("A <a@b> B <c@d>", ["A||a|b", "B||c|d"]), ("=?utf-8?q?caf=C3=A9?= <a@b>", ["=?utf-8?q?caf=C3=A9?=||a|b"]),
    ])
    func parses(_ value: String, expected: [String]) {
        #expect(summary(value) == expected)
    }

    @Test(
        "case 96: broken address lists",
        arguments: [
            ("", []), (":;", ["{", "}"]), ("a:;", ["{a", "}"]), (",", []), (";", []), ("<>", []), ("@", ["|||"]),
            ("a@", ["||a|"]),
            ("@b", ["|||b"]), ("root", ["||root|"]), ("Some One", ["Some One|||"]), ("\"x", ["x|||"]),
            ("g:h:a@b;;", ["{g", "||a|b", "}"]),
            ("g: a@b", ["{g", "||a|b", "}"]), ("(open", []), ("a@b (open \\", ["open||a|b"]), ("a@b (\\", ["||a|b"]),
            ("<a@b", ["||a|b"]),
            ("A <", ["A|||"]), ("<<a@b>>", ["||a|b"]), (">", []), ("a@b>", ["||a|b"]),
            ("A <a@b, c@d>", ["A||a|b", "||c|d"]),
            ("<@a", []), ("<@a:>", []), ("a@b@c", ["||a|b", "||c|"]), ("\\", ["||\\|"]), ("\"\\", ["\\|||"]),
        ])
    func broken(_ value: String, expected: [String]) {
        #expect(summary(value) == expected)
    }

    @Test(
        "case 96: 100,000 nested comments",
        arguments: ["(", "((", "(a)", "(\\", "a(", ")", "<(", "\"(", "@(", "(,)", ":("])
    func nestedComments(_ piece: String) {
        let value = bytes(String(repeating: piece, count: 100_000))
        let time = processorTime { _ = AddressParser.parse(value) }
        #expect(time < 10)
    }

    @Test(
        "case 92: parsing addresses is linear",
        arguments: [
            "a@b,", "a,", "<", ">", "@", ":", ";", ",", "\"", "a ", "<@", "<a@b> ", "g:", ".", "[", "a@[", "a@b ",
            "<@a,", "a<",
        ])
    func linear(_ piece: String) {
        func value(_ count: Int) -> [UInt8] { bytes(String(repeating: piece, count: count)) }
        #expect(growth(to: 10_000, of: value) { _ = AddressParser.parse($0) } < 1.5)
    }

    @Test func limitHolds() {
        var limits = MessageLimits()
        limits.addresses = 3
        #expect(AddressParser.parse(bytes("a@b,c@d,e@f,g@h"), limits: limits).count == 3)
        #expect(AddressParser.parse(bytes("g:a@b,c@d,e@f,g@h;"), limits: limits).last == .groupEnd)
    }
}
