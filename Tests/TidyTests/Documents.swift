// The rules that hold the documents to the tree: paths that Markdown names exist, RFCs in the code have their row.

enum Documents {
    /// Paths in a Markdown file: in back quotes when they begin in one of our folders, and the targets of its links.
    static func paths(in file: SourceFile) -> [(line: Int, path: String)] {
        file.lines.enumerated().flatMap { index, line in
            named(in: line, below: file).map { (index + 1, $0) }
        }
    }

    private static func named(in line: Substring, below file: SourceFile) -> [String] {
        let quoted = line.matches(of: /`([^`\s]+)`/).map { String($0.1) }.filter { path in
            !path.contains(/[<>*{}…$]/)
                && (path.contains(/^(Sources|Tests|Admin|schema|docs|\.ci)\//) || path == "Package.swift")
        }
        let links = line.matches(of: /\]\(([^)\s#]+)[^)]*\)/).map { String($0.1) }
            .filter { !$0.contains("://") && !$0.hasPrefix("mailto:") }
            .map { link in (file.components.dropLast() + [link]).joined(separator: "/") }
        return quoted + links
    }

    static func deadPaths(_ file: SourceFile, exists: (String) -> Bool = SourceTree.exists) -> [Violation] {
        paths(in: file).filter { !exists(settled($0.path)) }
            .map { Violation(path: file.path, line: $0.line, message: "\($0.path) is not there") }
    }

    /// `docs/../README.md` without its way up.
    private static func settled(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }

    /// The RFC numbers that code and comments cite.
    static func cited(in text: String) -> Set<Int> {
        Set(text.matches(of: /\bRFC[  ]?(\d{3,5})\b/).compactMap { Int($0.1) })
    }

    /// The rows of docs/rfcs.md: `| 3501 | Yes | …`. The state is one of three words.
    static func rows(of table: String) -> [(rfc: Int, state: String)] {
        table.matches(of: /(?m)^\|\s*(\d{3,5})\s*\|\s*(\w+)\s*\|/).compactMap { match in
            Int(match.1).map { ($0, String(match.2)) }
        }
    }

    /// What disagrees between the code and the table.
    static func disagreements(code: [SourceFile], table: SourceFile) -> [String] {
        let rows = rows(of: table.text)
        let listed = Set(rows.map(\.rfc))
        var citedIn: [Int: String] = [:]
        for file in code { for rfc in cited(in: file.text) { citedIn[rfc] = citedIn[rfc] ?? file.path } }
        let missing = citedIn.filter { !listed.contains($0.key) }
            .map { "RFC \($0.key) is cited in \($0.value) and has no row in \(table.path)" }
        let unused = listed.subtracting(citedIn.keys).map { "RFC \($0) has a row in \(table.path) and no line of code" }
        let doubled = Dictionary(grouping: rows, by: \.rfc).filter { $0.value.count > 1 }
            .map { "RFC \($0.key) has \($0.value.count) rows" }
        let vague = rows.filter { !["Yes", "Partial", "No"].contains($0.state) }
            .map { "RFC \($0.rfc) is '\($0.state)': say Yes, Partial or No" }
        return (missing + unused + doubled + vague).sorted()
    }

    /// Paths of one machine have no place in the project.
    static func machinePaths(_ file: SourceFile) -> [Violation] {
        guard !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return file.lines.enumerated().compactMap { index, line in
            line.firstMatch(of: /(^|[\s"'`(=:])(\/(?:work|home|root|Users|opt)\/\w+)/).map {
                Violation(path: file.path, line: index + 1, message: "\($0.2) is a path of one machine")
            }
        }
    }
}
