// The catalogue of attacks in docs/security.md: a row for each case, and in it the files whose tests carry its number.

enum Catalogue {
    static let cases = 1...200

    /// One row: `| 49 | what is tried | proof |`.
    struct Row: Hashable {
        let number: Int
        let proof: String

        /// The files that it names, from the root.
        var files: Set<String> { Set(proof.matches(of: /`([^`\s]+)`/).map { "Tests/" + $0.1 }) }
        /// Whether it has a word instead of files.
        var isExcused: Bool { proof == "not yet" || proof.hasPrefix("does not apply: ") }
    }

    static func rows(of table: String) -> [Row] {
        table.matches(of: /(?m)^\| (\d+) \| .* \| (.*) \|$/).compactMap { match in
            Int(match.1).map { Row(number: $0, proof: String(match.2)) }
        }
    }

    /// The numbers that a file's tests carry: `case 5`, `cases 1 and 2`, `cases 14 to 19`, `test_x_case_7`. Swift's own
    /// `case 5:` at the beginning of a line is none.
    static func carried(by text: String) -> Set<Int> {
        var found: Set<Int> = []
        for line in text.split(separator: "\n") where line.contains("ase") && !line.contains(/^\s*case [\d.]/) {
            for match in line.matches(of: /(?i)(?:_|\b)cases?[ _](\d+(?:(?:, |, and | and |_and_| to |_to_)\d+)*)/) {
                let numbers = match.1.matches(of: /\d+/).compactMap { Int($0.0) }
                if match.1.contains("to"), let first = numbers.first, let last = numbers.last, first <= last {
                    found.formUnion(first...last)
                } else {
                    found.formUnion(numbers)
                }
            }
        }
        return found
    }

    /// Where the table and the tests disagree.
    /// - Parameter tests: each file with the numbers that it carries.
    static func problems(table: String, tests: [String: Set<Int>]) -> [String] {
        let rows = rows(of: table)
        let byNumber = Dictionary(grouping: rows, by: \.number)
        let missing = cases.filter { byNumber[$0]?.count != 1 }.map { "case \($0) has no row, or several" }
        let beyond = tests.flatMap { file, numbers in
            numbers.filter { !cases.contains($0) }.map { "\(file) names case \($0), which there is not" }
        }
        let stale = rows.filter { cases.contains($0.number) }.compactMap { row -> String? in
            let carriers = Set(tests.filter { $0.value.contains(row.number) }.keys)
            if carriers.isEmpty ? row.isExcused : carriers == row.files { return nil }
            return "case \(row.number) stands in \(carriers.sorted()), its row says \(row.proof); run Tests/catalogue"
        }
        return (missing + beyond + stale).sorted()
    }
}
