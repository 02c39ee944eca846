// The rules that look at one Swift file: what may not stand in it, and how long it and its parts may be.

/// Reads Swift files once and keeps them taken apart.
struct ParsedFile: Sendable {
    let file: SourceFile
    let swift: SwiftText

    init(_ file: SourceFile) {
        self.file = file
        swift = SwiftText(file.text)
    }

    init(path: String, _ text: String) { self.init(SourceFile(path: path, text: text)) }

    static let all = SourceTree.swift.map(ParsedFile.init)

    func violation(_ line: Int, _ message: String) -> Violation {
        Violation(path: file.path, line: line, message: message)
    }
}

/// Rules by name, as data: each takes a file and gives what is wrong with it.
enum CodeRules {
    typealias Rule = @Sendable (ParsedFile) -> [Violation]

    static func purposeLine(_ parsed: ParsedFile) -> [Violation] {
        let first = parsed.file.lines.first ?? ""
        guard first.hasPrefix("// "), !first.hasSuffix(".swift"), first.count >= 12 else {
            return [parsed.violation(1, "opens with one line `// …` that says what the file is for")]
        }
        return []
    }

    static func traps(_ parsed: ParsedFile) -> [Violation] {
        guard parsed.file.isShipped else { return [] }
        return search(parsed, in: parsed.swift.codeLines) { line in
            if let word = line.firstMatch(
                of: /\b(try!|as!|fatalError\b|preconditionFailure\b|precondition\(|unowned\b)/)
            {
                return "\(word.1) can end every session of the process"
            }
            if line.contains(/[\w\)\]\}>"?]!(?![=~])/), !line.contains(/\bimport\b/) {
                return "a forced unwrap can end every session of the process"
            }
            return nil
        }
    }

    static func printing(_ parsed: ParsedFile) -> [Violation] {
        guard parsed.file.path.hasPrefix("Sources/") else { return [] }
        return search(parsed, in: parsed.swift.codeLines) { line in
            line.contains(/(^|[^\w.])(debugPrint|print|dump)\(/) ? "print belongs to Admin: log instead" : nil
        }
    }

    static func unfinished(_ parsed: ParsedFile) -> [Violation] {
        guard !parsed.file.path.hasPrefix("Tests/TidyTests/") else { return [] }
        return search(parsed, in: parsed.swift.commentLines) { line in
            line.contains(/\b(TODO|FIXME|XXX|HACK)\b/) ? "what is not done is an issue, not a comment" : nil
        }
    }

    /// The files of Mail that call glibc: iconv, and the search for bytes.
    private static let glibcFiles = ["Sources/Mail/Text/Charset.swift", "Sources/Mail/Text/ByteSearch.swift"]

    /// The wall around zlib, whose stream must not move.
    private static let deflate = "Sources/IMAPServer/Wire/Deflate.swift"

    /// Asks the kernel for a struct by a socket option whose type NIO cannot know.
    private static let peerCredentials = "Sources/Sockets/PeerCredentials.swift"

    /// Unsafe code stands where C is: in MailCrypto and MailStore, in the files of Mail that call glibc, in the wall
    /// around zlib, and where a peer's credentials are asked for.
    private static func mayBeUnsafe(_ file: SourceFile) -> Bool {
        ["MailCrypto", "MailStore"].contains(file.module) || glibcFiles.contains(file.path)
            || file.path == deflate || file.path == peerCredentials
    }

    static func unsafeCode(_ parsed: ParsedFile) -> [Violation] {
        guard parsed.file.isShipped, !mayBeUnsafe(parsed.file) else { return [] }
        return search(parsed, in: parsed.swift.codeLines) { line in
            guard line.contains("nsafe") || line.contains("Opaque") || line.contains("Unmanaged") else { return nil }
            let word =
                /(?:^|\W)(Unsafe\w*Pointer|with\w*Unsafe\w+|OpaquePointer|Unmanaged|unsafe\w+|nonisolated\(unsafe\))/
            let found = line.firstMatch(of: word)
            return found.map { "\($0.1): unsafe code stands in MailCrypto and MailStore only" }
        }
    }

    /// Whether a string reads as a statement; IMAP's own SELECT has no FROM.
    private static func isSQL(_ text: String) -> Bool {
        guard text.contains(/SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA/) else { return false }
        let statement = #/
            \b(SELECT\s.+\sFROM|INSERT\s+(OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM
            |CREATE\s+(TABLE|INDEX)|PRAGMA\s)
            /#
        return text.contains(statement.dotMatchesNewlines())
    }

    static func sqlPlace(_ parsed: ParsedFile) -> [Violation] {
        guard parsed.file.isShipped, !["MailStore", "Schema"].contains(parsed.file.module) else { return [] }
        return parsed.swift.strings.filter { isSQL($0.text) }
            .map { parsed.violation($0.line, "SQL stands in MailStore and schema only") }
    }

    /// Case 177: a value never becomes part of a statement's text.
    static func sqlInterpolation(_ parsed: ParsedFile) -> [Violation] {
        guard parsed.file.isShipped else { return [] }
        return parsed.swift.strings.filter { isSQL($0.text) && $0.text.contains("\\(") }
            .map { parsed.violation($0.line, "a value in SQL text: bind it as an argument") }
    }

    static func lineLength(_ parsed: ParsedFile) -> [Violation] {
        search(parsed, in: parsed.file.lines.map(String.init)) { line in
            line.count > 120 ? "\(line.count) columns, at most 120" : nil
        }
    }

    private static func search(
        _ parsed: ParsedFile, in lines: [String], _ wrong: (String) -> String?
    ) -> [Violation] {
        lines.enumerated().compactMap { index, line in wrong(line).map { parsed.violation(index + 1, $0) } }
    }
}
