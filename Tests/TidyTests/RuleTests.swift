// Shows of each rule that it finds a planted violation, and that it leaves alone what only looks like one.

import Testing

@Suite("Each rule can fail")
struct RuleTests {
    @Test("imports", arguments: [
        ("Sources/Mail/A.swift", "import MailStore", true), ("Sources/IMAPServer/A.swift", "package import SMTP", true),
        ("Sources/IMAPServer/A.swift", "internal import GRDB", true), ("Tests/MailTests/A.swift", "import SMTP", true),
        ("Sources/SMTP/A.swift", "@testable import IMAPServer", true),
        ("Sources/Mail/A.swift", "import NIOPosix", true), ("Sources/MailStore/A.swift", "import GRDB", false),
        ("Sources/MailStore/A.swift", "package import Mail", false),
        ("Tests/MailStoreTests/A.swift", "import GRDB", false), ("Tests/SMTPTests/A.swift", "import MailStore", false),
        ("Sources/Mail/A.swift", "// import MailStore", false), ("Admin/A.swift", "import ArgumentParser", false),
    ])
    func imports(path: String, text: String, isWrong: Bool) {
        #expect(ImportTable.violations(ParsedFile(path: path, text)).isEmpty != isWrong)
    }

    @Test("purpose line", arguments: [
        ("import NIOCore\n", true), ("//\n//  Store.swift\n", true), ("// Store.swift", true), ("", true),
        ("// Opens the data directory and keeps it.\nimport NIOCore\n", false),
    ])
    func purpose(text: String, isWrong: Bool) {
        #expect(CodeRules.purposeLine(ParsedFile(path: "Sources/Mail/A.swift", text)).isEmpty != isWrong)
    }

    @Test("traps", arguments: [
        ("let a = try! f()", true), ("let a = b as! C", true), ("fatalError(\"no\")", true), ("let a = b!", true),
        ("let a = b[0]!.c", true), ("f(a!)", true), ("let a: Int! = nil", true), ("preconditionFailure()", true),
        ("let a = \"it works!\"", false), ("if !a, b != c { }", false), ("// never try!", false),
        ("/* b! /* nested! */ c! */", false), ("let a = \"\\(f(\"x!\"))!\"", false), ("a !== b", false),
        ("let s = #\"a\"!\"#", false), ("let t = \"\"\"\n  wow!\n  \"\"\"", false),
    ])
    func traps(text: String, isWrong: Bool) {
        #expect(CodeRules.traps(ParsedFile(path: "Sources/Mail/A.swift", text)).isEmpty != isWrong, "\(text)")
    }

    @Test("print", arguments: [
        ("Sources/Mail/A.swift", "print(a)", true), ("Sources/Mail/A.swift", "  Swift.print(a)", false),
        ("Sources/Mail/A.swift", "fingerprint(a)", false), ("Admin/A.swift", "print(a)", false),
        ("Sources/Mail/A.swift", "// print(a)", false),
    ])
    func printing(path: String, text: String, isWrong: Bool) {
        #expect(CodeRules.printing(ParsedFile(path: path, text)).isEmpty != isWrong, "\(text)")
    }

    @Test("unfinished", arguments: [
        ("// TO" + "DO later", true), ("let a = 1 // FIX" + "ME", true), ("let a = \"TODO\"", false),
        ("// todos are fine", false),
    ])
    func unfinished(text: String, isWrong: Bool) {
        #expect(CodeRules.unfinished(ParsedFile(path: "Sources/Mail/A.swift", text)).isEmpty != isWrong)
    }

    @Test("unsafe code", arguments: [
        ("Sources/IMAPServer/A.swift", "a.withUnsafeReadableBytes { }", true),
        ("Sources/SMTP/A.swift", "let p: UnsafeMutableRawPointer", true),
        ("Sources/Mail/Text/A.swift", "nonisolated(unsafe) var a = 1", true),
        ("Sources/MailCrypto/A.swift", "let p: OpaquePointer", false),
        ("Sources/Mail/Text/Charset.swift", "let p: UnsafeRawPointer", false),
        ("Sources/SMTP/A.swift", "// unsafeBitCast", false),
    ])
    func unsafeCode(path: String, text: String, isWrong: Bool) {
        #expect(CodeRules.unsafeCode(ParsedFile(path: path, text)).isEmpty != isWrong, "\(text)")
    }

    @Test("SQL and its values", arguments: [
        ("Sources/SMTP/A.swift", "\"SELECT a FROM b\"", true), ("Sources/SMTP/A.swift", "\"SELECT INBOX\"", false),
        ("Sources/MailStore/A.swift", "\"SELECT a FROM b WHERE c = ?\"", false),
        ("Sources/MailStore/A.swift", "\"DELETE FROM b WHERE c = \\(d)\"", true),
        ("Sources/MailStore/A.swift", "\"\"\"\nSELECT a\nFROM b WHERE c = \\(d)\n\"\"\"", true),
    ])
    func sql(path: String, text: String, isWrong: Bool) {
        let parsed = ParsedFile(path: path, text)
        let found = CodeRules.sqlPlace(parsed) + CodeRules.sqlInterpolation(parsed)
        #expect(found.isEmpty != isWrong, "\(text)")
    }

    @Test("lines that are too long")
    func lines() {
        let long = String(repeating: "a", count: 121)
        #expect(CodeRules.lineLength(ParsedFile(path: "Sources/Mail/A.swift", "ok\n\(long)")).map(\.line) == [2])
    }

    @Test("functions are measured to their closing brace", arguments: [
        ("func a() {\n  b { c }\n}\n", [3]), ("protocol P {\n  func a()\n  func b() -> Int\n}\nfunc c() { }", [1]),
        ("func a<T>(_ f: () -> T = {\n}) throws(E) -> T\nwhere T: Q {\n  \"}\"\n}", [5]),
        ("init(a: Int) {\n  // }\n  self.init()\n}", [4]),
    ])
    func functions(text: String, lengths: [Int]) {
        #expect(SwiftText(text).functions.map(\.lines) == lengths, "\(text)")
    }

    @Test("what is too long is found, and a list that has grown stale too")
    func sizes() {
        let body = String(repeating: "  a\n", count: 80)
        let file = ParsedFile(path: "Sources/Mail/A.swift", "func long() {\n\(body)}\n")
        #expect(Sizes.violations([file], allowed: [:]).count == 1)
        #expect(Sizes.violations([file], allowed: ["Sources/Mail/A.swift:long": 82]).isEmpty)
        #expect(Sizes.violations([file], allowed: ["Sources/Mail/A.swift:long": 90]).count == 1)
        #expect(Sizes.violations([], allowed: ["Sources/Mail/A.swift:long": 82]).count == 1)
        let lines = ParsedFile(path: "Sources/Mail/B.swift", String(repeating: "\n", count: 501))
        #expect(Sizes.violations([lines], allowed: [:]).count == 1)
    }

    @Test("paths in Markdown", arguments: [
        ("see `Sources/Nowhere/A.swift`", true), ("see [this](nowhere.md)", true),
        ("see [this](https://example.org/a)", false),
        ("see `Sources/Mail`", false), ("`accounts/<id>.db`", false), ("[b](../README.md#part)", false),
    ])
    func markdown(text: String, isWrong: Bool) {
        let there: Set<String> = ["Sources/Mail", "README.md"]
        let file = SourceFile(path: "docs/a.md", text: text)
        #expect(Documents.deadPaths(file) { there.contains($0) }.isEmpty != isWrong, "\(text)")
    }

    @Test("RFCs and their rows")
    func rfcs() {
        let code = [SourceFile(path: "Sources/A.swift", text: "// RFC 3501 §6.4.5\n// RFC 2033\n")]
        let good = SourceFile(path: "docs/rfcs.md", text: "| 3501 | Yes | a |\n| 2033 | Partial | b |\n")
        #expect(Documents.disagreements(code: code, table: good).isEmpty)
        let bad = SourceFile(path: "docs/rfcs.md", text: "| 3501 | Maybe | a |\n| 9051 | No | b |\n| 3501 | No | c |\n")
        #expect(Documents.disagreements(code: code, table: bad).count == 4)
    }

    @Test("paths of one machine", arguments: [
        ("let a = \"/home/alice/x\"", true), ("cd /root/x", true), ("/usr/bin/env", false), ("a/home/b", false),
    ])
    func machinePaths(text: String, isWrong: Bool) {
        #expect(Documents.machinePaths(SourceFile(path: "Sources/A.swift", text: text)).isEmpty != isWrong)
    }

    @Test("pitfalls in names", arguments: [
        ("pitfall 27: x", [27]), ("pitfalls 2, 25, 26: x", [2, 25, 26]), ("case 1, pitfall 9: x", [9]),
        ("pitfall 3, case 83", [3]), ("def test_x_pitfall_7():", [7]), ("pitfalls 1 and 2 of 30", [1, 2]), ("27", []),
    ] as [(String, Set<Int>)])
    func pitfalls(text: String, numbers: Set<Int>) { #expect(Pitfalls.named(in: text) == numbers) }

    @Test("capabilities and their tests")
    func proofs() {
        let source = """
            private static let always = ["IDLE", "RIGHTS=texk"]
            private static let searching = [
                "SORT", "THREAD=REFS",
            ]
            let limit = size > 0 ? ["APPENDLIMIT=\\(size)"] : []
            var names = always + ["SASL-IR"]
            """
        let names = ProofTable.advertised(in: source)
        #expect(names == ["IDLE", "RIGHTS", "SORT", "THREAD=REFS", "APPENDLIMIT", "SASL-IR"])
        let rows = ["IDLE": Proof(session: ("A/IdleTests", "IDLE"))]
        let found = { (name: String, text: String?) in
            ProofTable.problems(advertised: [name], rows: rows) { $0 == "Tests/A/IdleTests.swift" ? text : nil }.count
        }
        #expect(found("IDLE", "client.command(\"IDLE\")") == 0)
        #expect(found("IDLE", "client.command(\"NOOP\")") == 1 && found("IDLE", nil) == 1)
        #expect(found("SORT", "IDLE") == 1)
    }
}
