// Holds the whole tree to the rules of the house; RuleTests shows of each rule that it can fail.

import Testing

/// Fails once for every violation, with the place where it is.
func expectNone(_ violations: [Violation]) {
    for violation in violations { Issue.record("\(violation.description)") }
}

/// Holds every Swift file to a rule, with a pause behind each: these are the longest computations among the tests, and
/// the others have to keep their times beside them.
func expectNone(_ rule: CodeRules.Rule) async {
    for file in ParsedFile.all {
        expectNone(rule(file))
        await Task.yield()
    }
}

@Suite("The tree keeps the rules", .serialized)
struct TidyTests {
    @Test("there is something to read")
    func filesAreFound() {
        #expect(SourceTree.swift.count > 50)
        #expect(SourceTree.markdown.count >= 3)
    }

    @Test("the top level holds what it should and nothing else")
    func topLevel() throws {
        let expected = Set(["Package.swift", "Sources", "Tests", "Admin", "schema", "docs", "README.md"])
        #expect(try SourceTree.topLevelNames() == expected)
    }

    @Test("modules import only what lies below them")
    func imports() async { await expectNone(ImportTable.violations) }

    @Test("every file opens with its purpose")
    func purpose() async { await expectNone(CodeRules.purposeLine) }

    @Test("nothing that ships can trap on purpose")
    func traps() async { await expectNone(CodeRules.traps) }

    @Test("only the command line prints")
    func printing() async { await expectNone(CodeRules.printing) }

    @Test("nothing is left for later in a comment")
    func unfinished() async { await expectNone(CodeRules.unfinished) }

    @Test("unsafe code stands where C is")
    func unsafeCode() async { await expectNone(CodeRules.unsafeCode) }

    @Test("SQL stands in MailStore and schema")
    func sqlPlace() async { await expectNone(CodeRules.sqlPlace) }

    @Test("case 177: no value becomes part of a statement's text")
    func sqlInterpolation() async { await expectNone(CodeRules.sqlInterpolation) }

    @Test("lines have at most 120 columns")
    func lineLength() async { await expectNone(CodeRules.lineLength) }

    @Test("files and functions are short, or are named as too long")
    func lengths() { expectNone(Sizes.violations(ParsedFile.all, allowed: Sizes.tooLong)) }

    @Test("paths named in Markdown exist", arguments: SourceTree.markdown)
    func paths(file: SourceFile) { expectNone(Documents.deadPaths(file)) }

    @Test("every RFC cited in the code has its row, and every row its code")
    func rfcs() throws {
        let table = try #require(SourceTree.files.first { $0.path == "docs/rfcs.md" })
        let code = SourceTree.files.filter { $0.isShipped && !$0.path.hasSuffix(".md") }
        for problem in Documents.disagreements(code: code, table: table) { Issue.record("\(problem)") }
    }

    @Test("no path of one machine stands anywhere")
    func machinePaths() async {
        for file in SourceTree.files {
            expectNone(Documents.machinePaths(file))
            await Task.yield()
        }
    }

    @Test("every pitfall that other servers fell into is named by a test", arguments: Pitfalls.all.keys.sorted())
    func pitfalls(number: Int) {
        #expect(Pitfalls.tested.contains(number), "pitfall \(number): \(Pitfalls.all[number] ?? "")")
    }

    @Test("no test names a pitfall that there is not")
    func noOtherPitfalls() { #expect(Pitfalls.tested.subtracting(Pitfalls.all.keys).isEmpty) }

    @Test("every case of the catalogue has its row, with the files whose tests carry its number")
    func catalogue() throws {
        let table = try #require(SourceTree.files.first { $0.path == "docs/security.md" })
        let files = SourceTree.files.filter { file in
            file.path.hasPrefix("Tests/") && !file.path.hasPrefix("Tests/TidyTests/Catalogue")
                && (file.path.hasSuffix(".swift") || file.path.hasSuffix(".py"))
        }
        let tests = Dictionary(uniqueKeysWithValues: files.map { ($0.path, Catalogue.carried(by: $0.text)) })
        for problem in Catalogue.problems(table: table.text, tests: tests) { Issue.record("\(problem)") }
    }

    @Test("every capability that is advertised names its tests, on each floor that knows of it")
    func proofs() throws {
        let list = try #require(SourceTree.files.first { $0.path == "Sources/IMAPServer/Session/Capabilities.swift" })
        let advertised = ProofTable.advertised(in: list.text)
        #expect(advertised.count > 50 && advertised.isSuperset(of: ["IMAP4rev1", "ESORT", "APPENDLIMIT", "SASL-IR"]))
        let texts = Dictionary(uniqueKeysWithValues: SourceTree.files.map { ($0.path, $0.text) })
        for problem in ProofTable.problems(advertised: advertised, text: { texts[$0] }) { Issue.record("\(problem)") }
    }
}
