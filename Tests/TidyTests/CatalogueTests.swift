// The rule about the catalogue can fail: each way in which table and tests may disagree is found.

import Testing

@Suite struct CatalogueTests {
    private let whole = Catalogue.cases.map { "| \($0) | x | not yet |" }

    @Test(
        "numbers are found as tests carry them",
        arguments: [
            (#"    @Test("case 49: x")"#, [49]), (#""cases 1 and 2, pitfall 3""#, [1, 2]),
            ("def test_x_cases_14_to_16(a):", [14, 15, 16]), ("    \"\"\"Case 7.\"\"\"", [7]),
            ("        case 5: break", []), ("def test_case_151_and_187_x(y):", [151, 187]), ("in case 3 comes", [3]),
        ] as [(String, Set<Int>)])
    func carried(text: String, numbers: Set<Int>) { #expect(Catalogue.carried(by: text) == numbers) }

    @Test("a table without proofs and without tests is in order")
    func empty() { #expect(Catalogue.problems(table: whole.joined(separator: "\n"), tests: [:]).isEmpty) }

    @Test("a row that is missing, doubled, stale, or names what does not prove it")
    func disagreements() {
        func problems(_ row: String, _ tests: [String: Set<Int>]) -> Int {
            var rows = whole
            rows[6] = row
            return Catalogue.problems(table: rows.joined(separator: "\n"), tests: tests).count
        }
        #expect(problems("| 7 | x | `A/B.swift` |", ["Tests/A/B.swift": [7]]) == 0)
        #expect(problems("| 7 | x | does not apply: there is none |", [:]) == 0)
        #expect(problems("", [:]) == 1)
        #expect(problems("| 8 | x | not yet |", [:]) == 2)
        #expect(problems("| 7 | x | not yet |", ["Tests/A/B.swift": [7]]) == 1)
        #expect(problems("| 7 | x | does not apply: there is none |", ["Tests/A/B.swift": [7]]) == 1)
        #expect(problems("| 7 | x | `A/B.swift`, `A/C.swift` |", ["Tests/A/B.swift": [7]]) == 1)
        #expect(problems("| 7 | x | `A/B.swift` |", ["Tests/A/C.swift": [7]]) == 1)
        #expect(problems("| 7 | x | of course |", [:]) == 1)
        #expect(problems("| 7 | x | not yet |", ["Tests/A/B.swift": [201]]) == 1)
    }
}
