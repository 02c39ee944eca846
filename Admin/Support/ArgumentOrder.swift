// `martlet --data DIR user list`: the options that every command has may also stand before the noun.

enum ArgumentOrder {
    /// `arguments` with `--data` and `--json`, where they come before the first noun, moved behind the command.
    static func arranged(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let first = rest.first {
            if first == "--json" || first.hasPrefix("--data=") {
                moved.append(rest.removeFirst())
            } else if first == "--data", rest.count > 1 {
                moved.append(contentsOf: rest.prefix(2))
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + moved + rest[end...]
    }
}
