// CREATE, with the uses that a mailbox is made for.

package import Mail

/// RFC 3501 §6.3.3, RFC 6154 §3.
package struct Create: Hashable, Sendable {
    /// One trailing `/`, which only announces children, is left out of the name by `MailboxArgument.name`.
    package var mailbox: MailboxArgument
    /// The `USE` parameter; empty without one.
    package var uses: [SpecialUse]

    package init(mailbox: MailboxArgument, uses: [SpecialUse] = []) {
        self.mailbox = mailbox
        self.uses = uses
    }
}

extension Lexer {
    // RFC 4466 §2.2: create = "CREATE" SP mailbox [create-params]
    mutating func create() throws(SyntaxError) -> Create {
        try space()
        var create = Create(mailbox: try mailbox())
        guard takeSpace() else { return create }
        try expect("(")
        repeat {
            let parameter = try atom("a CREATE parameter")
            guard parameter.equalsIgnoringASCIICase("USE") else {
                throw SyntaxError("unknown CREATE parameter \"\(parameter)\"")
            }
            try space()
            create.uses += try createUses()
        } while takeSpace()
        try closeList()
        return create
    }

    // RFC 6154 §6: create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"
    private mutating func createUses() throws(SyntaxError) -> [SpecialUse] {
        try expect("(")
        var uses: [SpecialUse] = []
        if take(")") { return uses }
        repeat {
            let name = try flagName()
            guard let use = SpecialUse(attribute: name) else {
                throw SyntaxError("unknown special use \"\(name)\"")
            }
            guard uses.count < SpecialUse.allCases.count else { throw SyntaxError("too many special uses") }
            uses.append(use)
        } while takeSpace()
        try closeList()
        return uses
    }
}
