// LIST, plain and extended.

import Mail

/// RFC 3501 §6.3.8, RFC 5258 §3, RFC 5819 §2.
package struct List: Hashable, Sendable {
    package enum Selection: String, Hashable, Sendable {
        case subscribed = "SUBSCRIBED"
        case remote = "REMOTE"
        case recursiveMatch = "RECURSIVEMATCH"
        case specialUse = "SPECIAL-USE"
    }

    package enum Return: Hashable, Sendable {
        case subscribed
        case children
        case specialUse
        case status([StatusItem])
        /// RFC 8440 §3.
        case myRights
        /// RFC 9590 §3.
        case metadata([MetadataEntry])
    }

    package var reference: MailboxArgument
    /// At least one.
    package var patterns: [MailboxPatternArgument]
    package var selections: Set<Selection>
    package var returns: [Return]
    /// Written in one of the three ways of RFC 5258 §1, be its lists empty: the client understands extended replies.
    package var isExtended: Bool

    /// - Parameter isExtended: nil for what the other arguments say.
    package init(
        reference: MailboxArgument, patterns: [MailboxPatternArgument], selections: Set<Selection> = [],
        returns: [Return] = [], isExtended: Bool? = nil
    ) {
        self.reference = reference
        self.patterns = patterns
        self.selections = selections
        self.returns = returns
        self.isExtended = isExtended ?? (patterns.count > 1 || !selections.isEmpty || !returns.isEmpty)
    }

    /// `LIST "" ""`: only the hierarchy delimiter and the reference's root are asked for (RFC 3501 §6.3.8). No extended
    /// LIST asks for that (RFC 5258 §3).
    package var asksForDelimiter: Bool { !isExtended && patterns.count == 1 && patterns[0].bytes.isEmpty }

    /// The patterns made ready to match, each with the reference put before it. What is no valid name matches nothing
    /// and is left out, and so is an empty pattern (RFC 5258 §3).
    package func compiledPatterns(utf8Accepted: Bool) -> [MailboxPattern] {
        patterns.lazy.filter { !$0.bytes.isEmpty }.compactMap {
            MailboxPattern(reference: reference, pattern: $0, utf8Accepted: utf8Accepted)
        }
    }
}

extension Lexer {
    // RFC 5258 §6: list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
    mutating func list() throws(SyntaxError) -> List {
        try space()
        var selections: Set<List.Selection> = []
        var isExtended = false
        if peek() == UInt8(ascii: "(") {
            isExtended = true
            selections = try listSelections()
            try space()
        }
        let reference = try mailbox()
        try space()
        if peek() == UInt8(ascii: "(") { isExtended = true }
        let patterns = try listPatterns()
        var returns: [List.Return] = []
        if takeSpace() {
            isExtended = true
            returns = try listReturns()
        }
        return List(
            reference: reference, patterns: patterns, selections: selections, returns: returns, isExtended: isExtended)
    }

    // RFC 5258 §6: list-select-opts = "(" [*(list-select-opt SP) …] ")"
    private mutating func listSelections() throws(SyntaxError) -> Set<List.Selection> {
        try expect("(")
        var selections: Set<List.Selection> = []
        if take(")") { return selections }
        repeat {
            let name = try atom("a LIST selection option").asciiUppercased
            guard let selection = List.Selection(rawValue: name) else {
                throw SyntaxError("unknown LIST selection option \"\(name)\"")
            }
            selections.insert(selection)
        } while takeSpace()
        try closeList()
        guard !selections.contains(.recursiveMatch) || selections.contains(.subscribed) else {
            throw SyntaxError("RECURSIVEMATCH needs another selection option beside it, such as SUBSCRIBED")
        }
        return selections
    }

    // RFC 5258 §6: mbox-or-pat = list-mailbox / patterns; patterns = "(" list-mailbox *(SP list-mailbox) ")"
    private mutating func listPatterns() throws(SyntaxError) -> [MailboxPatternArgument] {
        guard take("(") else { return [try listMailbox()] }
        var patterns: [MailboxPatternArgument] = []
        repeat {
            guard patterns.count < limits.arguments else { throw SyntaxError("too many LIST patterns") }
            patterns.append(try listMailbox())
        } while takeSpace()
        try closeList()
        return patterns
    }

    // RFC 5258 §6: list-return-opts = "RETURN" SP "(" [return-option *(SP return-option)] ")"
    private mutating func listReturns() throws(SyntaxError) -> [List.Return] {
        guard try atom("RETURN").equalsIgnoringASCIICase("RETURN") else { throw SyntaxError("expected RETURN") }
        try space()
        try expect("(")
        var returns: [List.Return] = []
        if take(")") { return returns }
        repeat {
            let option = try listReturn()
            if !returns.contains(option) { returns.append(option) }
            guard returns.count <= 8 else { throw SyntaxError("too many LIST return options") }
        } while takeSpace()
        try closeList()
        return returns
    }

    // RFC 5819 §4: return-option =/ "STATUS" SP "(" status-att *(SP status-att) ")"
    private mutating func listReturn() throws(SyntaxError) -> List.Return {
        let name = try atom("a LIST return option").asciiUppercased
        switch name {
        case "SUBSCRIBED": return .subscribed
        case "CHILDREN": return .children
        case "SPECIAL-USE": return .specialUse
        case "STATUS":
            try space()
            return .status(try statusItems())
        case "MYRIGHTS": return .myRights
        case "METADATA":
            try space()
            guard peek() == UInt8(ascii: "(") else { throw SyntaxError("METADATA takes a list of entries") }
            return .metadata(try metadataEntries())
        default: throw SyntaxError("unknown LIST return option \"\(name)\"")
        }
    }
}
