// Measures functions: where each begins, and how many lines it takes to its closing brace.

/// A function, an initialiser or a subscript with a body.
struct MeasuredFunction: Sendable, Equatable {
    let name: String
    let line: Int
    let lines: Int
}

extension SwiftText {
    /// Every function with a body. Closures and accessors count as part of what holds them.
    var functions: [MeasuredFunction] {
        let lines = codeLines
        return lines.indices.compactMap { index in
            guard let declaration = lines[index].firstMatch(of: /\b(?:func\s+(\S+?)\s*[\(<]|(init)[?!]?\s*[\(<])/),
                lines[index].firstMatch(of: /[.=]\s*init|\breturn\b.*init/) == nil,
                let last = bodyEnd(from: index, column: declaration.range.upperBound, in: lines)
            else { return nil }
            let name = declaration.1 ?? declaration.2 ?? "?"
            return MeasuredFunction(name: String(name), line: index + 1, lines: last - index + 1)
        }
    }

    /// The line of the brace that closes the body, or nil when the declaration has none (as in a protocol).
    private func bodyEnd(from line: Int, column: String.Index, in lines: [String]) -> Int? {
        var round = lines[line][..<column].hasSuffix("(") ? 1 : 0
        var curly = 0
        for index in line..<lines.count {
            let text = index == line ? lines[index][column...] : lines[index][...]
            if index > line, round == 0, curly == 0,
                text.contains(/^\s*(?:(?:package|private|static|override|mutating)\s+)*(?:func|var|let|init|case)\b/)
            {
                return nil
            }
            for letter in text {
                switch letter {
                case "(", "[": round += 1
                case ")", "]": round -= 1
                case "{" where round <= 0 || curly > 0: curly += 1
                case "}" where curly > 0:
                    curly -= 1
                    if curly == 0 { return index }
                case "}" where round <= 0: return nil
                default: break
                }
            }
        }
        return nil
    }
}
