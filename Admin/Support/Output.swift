// What commands print: facts as JSON for programs, or the same facts as text for people.

internal import Foundation

/// Where a command's facts go. Standard output holds facts alone; remarks and complaints go to standard error.
struct Output: Sendable {
    let isJSON: Bool

    /// Prints `facts`: as JSON with `--json`, otherwise the text that `text` makes of them (nothing when it is empty).
    ///
    /// JSON is one value, keys in camelCase and in alphabetical order, moments in ISO 8601 (UTC), sizes in bytes; a
    /// fact that does not exist is left out.
    func show<Facts: Encodable>(_ facts: Facts, text: (Facts) throws -> String) throws {
        let shown = isJSON ? try Output.json(facts) : try text(facts)
        if !shown.isEmpty { print(shown) }
    }

    static func json<Facts: Encodable>(_ facts: Facts) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        return String(decoding: try encoder.encode(facts), as: UTF8.self)
    }

    /// One line on standard error.
    static func complain(_ message: String) {
        FileHandle.standardError.write(Data((visible(message, keepingLines: true) + "\n").utf8))
    }

    /// A remark on standard error, for people: left out with `--json`.
    func remark(_ message: String) {
        if !isJSON { Output.complain(message) }
    }

    /// `1 message`, `2 messages`, `2 mailboxes`.
    static func count(_ number: Int, _ noun: String) -> String {
        let plural = noun.hasSuffix("x") ? "\(noun)es" : "\(noun)s"
        return "\(number) \(number == 1 ? noun : plural)"
    }

    /// `text` with every control character as `?`, so that nothing that was stored can steer the terminal.
    static func visible(_ text: String, keepingLines: Bool = false) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
            result.append(isControl && !(keepingLines && scalar == "\n") ? "?" : scalar)
        }
        return String(result)
    }

    /// A line for each problem that was found.
    static func lines(_ problems: [String]) -> [String] { problems.map { "- \(visible($0))" } }
}

/// Rows of text under headings, columns aligned.
struct Table {
    enum Alignment { case left, right }

    private var rows: [[String]]
    private let alignments: [Alignment]

    init(_ columns: [(heading: String, alignment: Alignment)]) {
        rows = [columns.map(\.heading)]
        alignments = columns.map(\.alignment)
    }

    /// As many cells as there are columns; further ones are dropped, missing ones are empty.
    mutating func add(_ cells: [String]) {
        rows.append(alignments.indices.map { $0 < cells.count ? Output.visible(cells[$0]) : "" })
    }

    /// Without a final line end. A table without rows is its headings alone.
    var text: String {
        let widths = alignments.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { pad(row[$0], to: widths[$0], alignments[$0]) }
            return cells.joined(separator: "  ").trimmingTrailingSpaces
        }.joined(separator: "\n")
    }

    private func pad(_ cell: String, to width: Int, _ alignment: Alignment) -> String {
        let spaces = String(repeating: " ", count: max(0, width - cell.count))
        return alignment == .left ? cell + spaces : spaces + cell
    }
}

/// Names and values below each other, values aligned: the facts of one thing.
enum FactSheet {
    static func text(_ facts: [(name: String, value: String?)]) -> String {
        let width = facts.map(\.name.count).max() ?? 0
        return facts.compactMap { fact in
            fact.value.map { value in
                let spaces = String(repeating: " ", count: width - fact.name.count)
                return "\(fact.name):\(spaces) \(Output.visible(value))"
            }
        }.joined(separator: "\n")
    }
}

extension String {
    fileprivate var trimmingTrailingSpaces: String {
        var result = self[...]
        while result.last == " " { result.removeLast() }
        return String(result)
    }
}

/// A moment as facts show it.
enum Moment {
    /// For JSON, from seconds since 1970.
    static func date(_ seconds: Int64) -> Date { Date(timeIntervalSince1970: TimeInterval(seconds)) }

    /// `2026-01-31 17:05 UTC`, for people.
    static func text(_ date: Date) -> String {
        let style = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day().dateSeparator(.dash)
        let clock = Date.ISO8601FormatStyle(timeZone: .gmt).time(includingFractionalSeconds: false)
            .timeSeparator(.colon)
        return "\(date.formatted(style)) \(date.formatted(clock).prefix(5)) UTC"
    }
}
