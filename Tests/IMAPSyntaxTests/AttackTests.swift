// The attack catalogue's cases that are syntax, and stress: time and memory stay in proportion to the input.

import IMAPSyntax
import Mail
import NIOCore
import Testing

struct AttackTests {
    @Test(
        "case 49: absurd literal sizes are BAD",
        arguments: [
            "{4294967296}", "{18446744073709551616}", "{-1}", "{0x5}", "{ 5}", "{5 }", "{}", "{+}", "{5+}+", "{5++}",
            "{5-}", "{99999999999999999999999999}", "{4294967295}",
        ])
    func literalSizes(_ literal: String) {
        #expect(reason("a LOGIN \(literal)\r\nalice x") != nil)
        #expect(reason("a LOGIN \(literal)") != nil)
    }

    @Test("case 52: bytes without end in every state of the lexer are BAD", .timeLimit(.minutes(5)))
    func endless() {
        let run = String(repeating: "x", count: 1_000_000)
        let digits = String(repeating: "9", count: 1_000_000)
        for line in [
            run, "a \(run)", "a SELECT \"\(run)", "a SELECT {\(digits)", "a LOGIN {\(digits)}\r\n",
            "a STORE 1 FLAGS (\(run)",
            "a STORE 1 FLAGS \\\(run)", "a FETCH \(digits) FLAGS", "a FETCH 1 \(run)", "a FETCH 1 BODY[\(run)",
            "a FETCH 1 BODY[\(digits)]", "a FETCH 1 BODY[]<\(digits)", "a SEARCH \(run)", "a SEARCH LARGER \(digits)",
            "a SEARCH CHARSET \(run) ALL", "a SEARCH KEYWORD \(run)", "a LIST \"\" (\(run)", "a ID (\"\(run)\" NIL)",
            "a STATUS x (\(run))",
        ] {
            #expect(reason(line) != nil, "\(line.prefix(30))")
        }
    }

    @Test("case 53, pitfall 33: 100,000 parentheses are BAD in every command that has a list", .timeLimit(.minutes(5)))
    func parentheses() {
        let open = String(repeating: "(", count: 100_000)
        for prefix in [
            "ID ", "FETCH 1 ", "SEARCH ", "STATUS x ", "LIST ", "LIST \"\" ", "LIST \"\" * RETURN ", "STORE 1 FLAGS ",
            "CREATE x ", "UID SEARCH NOT ",
        ] {
            for limits in [SyntaxLimits.standard, .beforeAuthentication] {
                #expect(reason("a \(prefix)\(open)", limits) != nil, "\(prefix)")
                #expect(
                    reason("a \(prefix)\(open)" + String(repeating: ")", count: 100_000), limits) != nil, "\(prefix)")
            }
        }
    }

    @Test("case 56: quoted strings hold no CR, LF, NUL, broken UTF-8 or lone backslash")
    func quoted() {
        for inside: [UInt8] in [
            [0x0d], [0x0a], [0x00], [0x0d, 0x0a], [0xff], [0xe9], [0xc3], [0x5c], [0x5c, 0x6e], [0x5c, 0x0d],
            [0xed, 0xa0, 0x80],
        ] {
            let line = Array("a LOGIN \"x".utf8) + inside + Array("y\" z".utf8)
            #expect(reason(line) != nil, "\(inside)")
            #expect(reason(Array("a LOGIN \"x".utf8) + inside) != nil, "\(inside) at the end")
        }
        #expect(reason(Array("a LOGIN {3}\r\na".utf8) + [0] + Array("b x".utf8)) != nil, "NUL in a literal")
        #expect(reason(Array("a LOGIN a".utf8) + [0xe9] + Array(" x".utf8)) != nil, "8-bit in an atom")
    }

    @Test("case 61: a set in descending order is taken as it is")
    func descending() throws {
        guard case .fetch(let fetch) = try command("a UID FETCH 4294967295:1 FLAGS"),
            case .uid(let set) = fetch.messages
        else {
            Issue.record("not understood")
            return
        }
        #expect(set.resolved(last: UID(10)).ranges == [1...4_294_967_295])
    }

    @Test("case 69: flags that cannot be: BAD")
    func keywords() {
        let many = (0..<10_000).map { "k\($0)" }.joined(separator: " ")
        let long = String(repeating: "k", count: 1_000_000)
        for flags in [
            "(\(many))", many, long, "(\(long))", "(a]b)", "({5})", "(a\r\nb)", "(\\Recent)", "(\\*)", "(\\)",
            "(\\\\Seen)", "(\"a\")",
        ] {
            #expect(reason("a STORE 1 +FLAGS \(flags)") != nil, "\(flags.prefix(20))")
        }
    }

    @Test("case 85: ID with many or long fields is BAD")
    func identification() {
        let many = String(repeating: "\"a\" \"b\" ", count: 10_000)
        #expect(reason("a ID (\(many)\"a\" \"b\")") != nil)
        #expect(reason("a ID (\"a\" \"\(String(repeating: "x", count: 1_000_000))\")") != nil)
        #expect(reason("a ID (" + Array(repeating: "\"a\" \"b\"", count: 30).joined(separator: " ") + ")") == nil)
    }

    @Test("10,000 arguments are BAD or understood, in linear time", .timeLimit(.minutes(5)))
    func arguments() {
        let many = Array(repeating: "x", count: 10_000).joined(separator: " ")
        for prefix in ["FETCH 1 (", "ENABLE ", "LIST \"\" (", "STATUS x (", "SEARCH FROM ", "LOGIN ", "RENAME "] {
            #expect(reason("a \(prefix)\(many)") != nil, "\(prefix)")
        }
        #expect(reason("a FETCH 1 (" + Array(repeating: "FLAGS", count: 10_000).joined(separator: " ") + ")") != nil)
    }

    @Test("random bytes never trap, and what is BAD has a reason that can be sent")
    func noise() {
        var state: UInt64 = 0xa77ac
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let words = [
            "a ", "FETCH ", "SEARCH ", "UID ", "STORE ", "LIST ", "LOGIN ", "ID ", "1:*", ",", "(", ")", "\"", "\\",
            "{3}\r\n", "{3+}\r\n",
            "BODY[", "]", "<", ">", ".", "HEADER.FIELDS ", "NOT ", "OR ", " ", "\r\n", "\0", "é", "FLAGS ", "*", "%",
            "NIL", "0", "4294967295",
        ]
        for _ in 0..<30_000 {
            let line = "a " + (0..<random(12)).map { _ in words[random(words.count)] }.joined()
            guard case .failure(let bad) = parse(line) else { continue }
            #expect(!bad.reason.isEmpty && bad.reason.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
        }
    }
}
