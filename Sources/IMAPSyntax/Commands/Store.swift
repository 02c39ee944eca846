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

    package init(messages: MessageSelection, operation: Operation, silent: Bool = false, flags: Flags) {
        self.messages = messages
        self.operation = operation
        self.silent = silent
        self.flags = flags
    }
}

extension Lexer {
    // RFC 3501 §9: store = "STORE" SP sequence-set SP store-att-flags
    mutating func store(_ numbering: MessageNumbering) throws(SyntaxError) -> Store {
        try space()
        let messages = try messageSelection(numbering)
        try space()
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
        return Store(messages: messages, operation: operation, silent: silent, flags: try storeFlags())
    }

    // RFC 3501 §9: store-att-flags = (["+" / "-"] "FLAGS" [".SILENT"]) SP (flag-list / (flag *(SP flag)))
    private mutating func storeFlags() throws(SyntaxError) -> Flags {
        if peek() == UInt8(ascii: "(") { return try flagList() }
        var flags = Flags.none
        repeat { try add(flag: flag(), to: &flags) } while takeSpace()
        return flags
    }
}
