// What a worker has written to its standard error: lines of libraries and of the language's run-time, kept short.
//
// They may quote what was in memory, and that may be anybody's. So of each line the log gets what no value stands in:
// it is cut, what is in quotes or behind the words that introduce a value is left out, and control characters go.

import Foundation

struct LastWords {
    /// Bytes of a line that has no end yet, and lines that are told of in all.
    static let longestLine = 512
    static let mostLines = 100
    /// Scalars of a line as the log gets it.
    static let longest = 200

    private var line: [UInt8] = []
    private var lines = 0
    /// The line that says why the process ends, if it has said so.
    private(set) var reason: String?
    /// Nobody writes any more.
    private(set) var isOver = false

    /// Reads what is there, without waiting.
    /// - Returns: whole lines, of which the reason is none.
    mutating func take(from file: Int32) -> [String] {
        var found: [String] = []
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while !isOver {
            let count = read(file, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                isOver = count == 0
                break
            }
            found += take(buffer.prefix(count))
        }
        if isOver { found += take([0x0a]) }
        return found
    }

    mutating func take(_ bytes: some Sequence<UInt8>) -> [String] {
        var found: [String] = []
        for byte in bytes {
            guard byte == 0x0a else {
                if line.count < Self.longestLine { line.append(byte) }
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            line.removeAll(keepingCapacity: true)
            if text.isEmpty { continue }
            if text.contains("Fatal error") || text.hasPrefix("Fatal") {
                reason = reason ?? Self.harmless(text)
            } else if lines < Self.mostLines {
                lines += 1
                found.append(text)
            }
        }
        return found
    }

    /// A line without the values in it.
    static func harmless(_ line: String) -> String {
        var text = ""
        var quote: Character?
        var isInWord = false
        for letter in line {
            defer { isInWord = letter.isLetter }
            if let open = quote {
                if letter == open {
                    text.append("…")
                    text.append(letter)
                    quote = nil
                }
            } else if "\"'`".contains(letter), !isInWord {
                text.append(letter)
                quote = letter
            } else if letter.isASCII, letter >= " ", letter <= "~" {
                text.append(letter)
            }
        }
        for words in ["raised an error:", "Duplicate values for key:"] {
            if let range = text.range(of: words) { text = text[..<range.upperBound] + " …" }
        }
        return String(text.prefix(longest))
    }
}
