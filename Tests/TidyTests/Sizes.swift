// How long files and functions may be, and the list of those that are longer: it must shrink.

enum Sizes {
    static let file = 500
    static let function = 70

    /// What is longer than it may be, with the length it has: `path` or `path:function`. An entry that is no longer
    /// needed, or whose number could be lower, fails the test.
    static let tooLong: [String: Int] = [:]

    static func violations(_ files: [ParsedFile], allowed: [String: Int]) -> [Violation] {
        var unused = allowed
        let found = files.flatMap { parsed in
            measured(parsed).filter { $0.lines > $0.limit }.compactMap { one -> Violation? in
                guard unused.removeValue(forKey: one.key) == one.lines else {
                    return parsed.violation(one.line, "\(one.key) has \(one.lines) lines, at most \(one.limit)")
                }
                return nil
            }
        }
        let stale = unused.map {
            Violation(path: $0.key, line: 1, message: "is no longer too long: strike it off the list")
        }
        return found + stale.sorted { $0.path < $1.path }
    }

    private static func measured(_ parsed: ParsedFile) -> [(key: String, line: Int, lines: Int, limit: Int)] {
        let path = parsed.file.path
        let whole = (key: path, line: 1, lines: parsed.file.lines.count - 1, limit: file)
        return [whole] + parsed.swift.functions.map { ("\(path):\($0.name)", $0.line, $0.lines, function) }
    }
}
