// Flags and keywords.

import Mail

extension Lexer {
    // RFC 3501 §9: flag-list = "(" [flag *(SP flag)] ")"
    mutating func flagList() throws(SyntaxError) -> Flags {
        try expect("(")
        var flags = Flags.none
        if take(")") { return flags }
        repeat { try add(flag: flag(), to: &flags) } while takeSpace()
        try closeList()
        return flags
    }

    mutating func add(flag: Flags, to flags: inout Flags) throws(SyntaxError) {
        flags.system.formUnion(flag.system)
        flags.keywords.formUnion(flag.keywords)
        guard flags.keywords.count <= limits.keywords else { throw SyntaxError("too many keywords at once") }
    }

    // RFC 3501 §9: flag = "\Answered" / "\Flagged" / "\Deleted" / "\Seen" / "\Draft" / flag-keyword / flag-extension
    mutating func flag() throws(SyntaxError) -> Flags {
        let name = try flagName()
        guard let flag = Flags(name: name) else {
            throw SyntaxError("no client can set the flag \"\(name.prefix(40))\"")
        }
        return flag
    }

    /// A flag's name, with its `\` where it has one.
    mutating func flagName() throws(SyntaxError) -> String {
        take("\\") ? "\\" + (try atom("a flag")) : try atom("a flag")
    }

    // RFC 3501 §9: flag-keyword = atom
    mutating func keyword() throws(SyntaxError) -> Keyword {
        let name = try atom("a keyword")
        guard let keyword = Keyword(name) else { throw SyntaxError("a keyword has at most \(Keyword.longest) bytes") }
        return keyword
    }
}
