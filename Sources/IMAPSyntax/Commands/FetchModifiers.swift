// What a FETCH says behind its items: only those that changed, and what is gone.

package import Mail

/// RFC 4466 §2.4: the modifiers of a FETCH.
package struct FetchModifiers: Hashable, Sendable {
    /// Only messages with a greater MODSEQ (RFC 7162 §3.1.4.1).
    package var changedSince: ModSeq?
    /// The UIDs of the set that were expunged since then are told first (RFC 7162 §3.2.6).
    package var vanished = false

    /// Only those at these places in the set (RFC 9394 §3.3).
    package var partial: PartialRange?

    package init(changedSince: ModSeq? = nil, vanished: Bool = false, partial: PartialRange? = nil) {
        self.changedSince = changedSince
        self.vanished = vanished
        self.partial = partial
    }
}

extension Lexer {
    // RFC 4466 §2.4: fetch-modifiers = SP "(" fetch-modifier *(SP fetch-modifier) ")"
    mutating func fetchModifiers(_ messages: MessageSelection) throws(SyntaxError) -> FetchModifiers {
        var modifiers = FetchModifiers()
        guard takeSpace() else { return modifiers }
        try expect("(")
        repeat {
            switch letters() {
            case "CHANGEDSINCE":
                guard modifiers.changedSince == nil else { throw SyntaxError("CHANGEDSINCE stands once") }
                try space()
                modifiers.changedSince = try modSeq()
            case "VANISHED": modifiers.vanished = true
            case "PARTIAL":
                guard modifiers.partial == nil else { throw SyntaxError("PARTIAL stands once") }
                guard messages.isUID else { throw SyntaxError("PARTIAL belongs to UID FETCH") }
                try space()
                modifiers.partial = try partialRange()
            case let name: throw SyntaxError("unknown FETCH modifier \"\(name)\"")
            }
        } while takeSpace()
        try closeList()
        if modifiers.vanished {
            guard messages.isUID else { throw SyntaxError("VANISHED belongs to UID FETCH") }
            guard modifiers.changedSince != nil else { throw SyntaxError("VANISHED needs CHANGEDSINCE beside it") }
        }
        return modifiers
    }
}
