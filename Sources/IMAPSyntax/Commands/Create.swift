// CREATE, with the uses that a mailbox is made for.

package import Mail

/// RFC 3501 §6.3.3, RFC 6154 §3.
package struct Create: Hashable, Sendable {
    /// One trailing `/`, which only announces children, is left out of the name by `MailboxArgument.name`.
    package var mailbox: MailboxArgument
    /// The `USE` parameter; empty without one.
    package var uses: [SpecialUse]
    /// Another use was asked for besides, which Martlet does not know: NO [USEATTR].
    package var hasUnknownUse: Bool

    package init(mailbox: MailboxArgument, uses: [SpecialUse] = [], hasUnknownUse: Bool = false) {
        self.mailbox = mailbox
        self.uses = uses
        self.hasUnknownUse = hasUnknownUse
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
            try createUses(&create)
        } while takeSpace()
        try closeList()
        return create
    }

    // RFC 6154 §6: create-param =/ "USE" SP "(" [use-attr *(SP use-attr)] ")"
    private mutating func createUses(_ create: inout Create) throws(SyntaxError) {
        try expect("(")
        if take(")") { return }
        repeat {
            guard peek() == UInt8(ascii: "\\") else { throw SyntaxError("a special use begins with \\ \(place)") }
            if let use = SpecialUse(attribute: try flagName()) {
                if !create.uses.contains(use) { create.uses.append(use) }
            } else {
                create.hasUnknownUse = true
            }
        } while takeSpace()
        try closeList()
    }
}
