// Takes Swift apart just far enough for the rules: code, comments and string literals, each on its own line numbers.

/// One file taken apart. `code` and `comments` have the same lines as the file, with everything else blanked.
struct SwiftText: Sendable {
    private(set) var code: [UInt8]
    private(set) var comments: [UInt8]
    /// String literals with the line they begin on; `\(…)` stands in them as it was written.
    private(set) var strings: [(line: Int, text: String)] = []

    private let source: [UInt8]
    private var at = 0
    private var line = 1

    init(_ text: String) {
        source = Array(text.utf8)
        code = source
        comments = source.map { $0 == UInt8(ascii: "\n") ? $0 : UInt8(ascii: " ") }
        while at < source.count { step() }
    }

    var codeLines: [String] { Self.lines(of: code) }
    var commentLines: [String] { Self.lines(of: comments) }

    private static func lines(of bytes: [UInt8]) -> [String] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
    }

    private func byte(_ offset: Int = 0) -> UInt8 { at + offset < source.count ? source[at + offset] : 0 }

    private func starts(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { letters in
            at + letters.count <= source.count && source[at..<at + letters.count].elementsEqual(letters)
        }
    }

    private mutating func step() {
        if starts("//") {
            while at < source.count, byte() != UInt8(ascii: "\n") { takeComment() }
        } else if starts("/*") {
            blockComment()
        } else if byte() == UInt8(ascii: "\"") || (byte() == UInt8(ascii: "#") && isRawString) {
            stringLiteral()
        } else {
            advance()
        }
    }

    private mutating func advance() {
        if byte() == UInt8(ascii: "\n") { line += 1 }
        at += 1
    }

    private mutating func takeComment() {
        if byte() != UInt8(ascii: "\n") {
            comments[at] = source[at]
            code[at] = UInt8(ascii: " ")
        }
        advance()
    }

    /// Block comments nest in Swift.
    private mutating func blockComment() {
        var depth = 0
        while at < source.count {
            if starts("/*") { depth += 1 }
            if starts("*/") { depth -= 1 }
            let step = starts("/*") || starts("*/") ? 2 : 1
            for _ in 0..<step { takeComment() }
            if depth == 0 { return }
        }
    }

    private var isRawString: Bool {
        var offset = 0
        while byte(offset) == UInt8(ascii: "#") { offset += 1 }
        return byte(offset) == UInt8(ascii: "\"")
    }

    private mutating func stringLiteral() {
        let start = at
        let firstLine = line
        var hashes = 0
        while byte() == UInt8(ascii: "#") {
            hashes += 1
            advance()
        }
        let quotes = starts("\"\"\"") ? 3 : 1
        for _ in 0..<quotes { advance() }
        let body = at
        while at < source.count, !closes(quotes, hashes) {
            if byte() == UInt8(ascii: "\n"), quotes == 1 { break }
            if byte() == UInt8(ascii: "\\"), isEscape(hashes) {
                escape(hashes)
            } else {
                advance()
            }
        }
        strings.append((firstLine, String(decoding: source[body..<at], as: UTF8.self)))
        if closes(quotes, hashes) { for _ in 0..<quotes + hashes { advance() } }
        for index in start..<at where source[index] != UInt8(ascii: "\n") { code[index] = UInt8(ascii: " ") }
        // A string keeps its quotes in the code, so that `f("…")` still reads as a call with an argument.
        code[start] = UInt8(ascii: "\"")
        code[at - 1] = UInt8(ascii: "\"")
    }

    private func closes(_ quotes: Int, _ hashes: Int) -> Bool {
        (0..<quotes).allSatisfy { byte($0) == UInt8(ascii: "\"") }
            && (0..<hashes).allSatisfy { byte(quotes + $0) == UInt8(ascii: "#") }
    }

    private func isEscape(_ hashes: Int) -> Bool { (0..<hashes).allSatisfy { byte(1 + $0) == UInt8(ascii: "#") } }

    /// Past an escape; an interpolation is passed over to its closing bracket, with the strings inside it.
    private mutating func escape(_ hashes: Int) {
        for _ in 0...hashes { advance() }
        guard byte() == UInt8(ascii: "(") else { return advance() }
        var depth = 0
        while at < source.count {
            switch byte() {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\""):
                stringLiteral()
                continue
            default: break
            }
            advance()
            if depth == 0 { return }
        }
    }
}
