// What a FETCH says behind its items: only those that changed, and what is gone.

package import Mail

/// RFC 4466 §2.4: the modifiers of a FETCH.
package struct FetchModifiers: Hashable, Sendable {
    /// Only messages with a greater MODSEQ (RFC 7162 §3.1.4.1).
    package var changedSince: ModSeq?
    /// The UIDs of the set that were expunged since then are told first (RFC 7162 §3.2.6).
    package var vanished = false

    package init(changedSince: ModSeq? = nil, vanished: Bool = false) {
        self.changedSince = changedSince
        self.vanished = vanished
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
