// STORE and UID STORE.

package import Mail

/// RFC 3501 §6.4.6.
package struct Store: Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        case replace
        case add
        case remove
    }

    package var messages: MessageSelection
    package var operation: Operation
    /// With `.SILENT` no FETCH tells the new flags.
    package var silent: Bool
    package var flags: Flags
    /// Messages with a greater MODSEQ are left as they are (RFC 7162 §3.1.3).
    package var unchangedSince: ModSeq?

    package init(
        messages: MessageSelection, operation: Operation, silent: Bool = false, flags: Flags,
        unchangedSince: ModSeq? = nil
    ) {
        self.messages = messages
        self.operation = operation
        self.silent = silent
        self.flags = flags
        self.unchangedSince = unchangedSince
    }
}

extension Lexer {
    // RFC 4466 §2.5: store = "STORE" SP sequence-set [store-modifiers] SP store-att-flags
    mutating func store(_ numbering: MessageNumbering) throws(SyntaxError) -> Store {
        try space()
        let messages = try messageSelection(numbering)
        try space()
        let unchangedSince = try storeModifiers()
        let item = try atom("FLAGS, +FLAGS or -FLAGS").asciiUppercased
        let (operation, silent): (Store.Operation, Bool)
        switch item {
        case "FLAGS": (operation, silent) = (.replace, false)
        case "FLAGS.SILENT": (operation, silent) = (.replace, true)
        case "+FLAGS": (operation, silent) = (.add, false)
        case "+FLAGS.SILENT": (operation, silent) = (.add, true)
        case "-FLAGS": (operation, silent) = (.remove, false)
        case "-FLAGS.SILENT": (operation, silent) = (.remove, true)
        default: throw SyntaxError("STORE knows FLAGS, +FLAGS and -FLAGS, not \"\(item)\"")
        }
        try space()
        return Store(
            messages: messages, operation: operation, silent: silent, flags: try storeFlags(),
            unchangedSince: unchangedSince)
    }

    // RFC 4466 §2.5: store-modifiers = SP "(" store-modifier *(SP store-modifier) ")"; there is but UNCHANGEDSINCE
    private mutating func storeModifiers() throws(SyntaxError) -> ModSeq? {
        guard take("(") else { return nil }
        let name = letters()
        guard name == "UNCHANGEDSINCE" else { throw SyntaxError("unknown STORE modifier \"\(name)\"") }
        try space()
        let value = try modSeq()
        try closeList()
        try space()
        return value
    }

    // RFC 3501 §9: store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    private mutating func storeFlags() throws(SyntaxError) -> Flags {
        if peek() == UInt8(ascii: "(") { return try flagList() }
        var flags = Flags.none
        repeat { try add(flag: flag(), to: &flags) } while takeSpace()
        return flags
    }
}
