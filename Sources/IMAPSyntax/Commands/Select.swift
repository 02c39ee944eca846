// SELECT and EXAMINE, with what a client knows of the mailbox from before.

package import Mail

/// RFC 3501 §6.3.1, §6.3.2; the parameters of RFC 7162 §3.1.8 and §3.2.5.
package struct Select: Hashable, Sendable {
    package var mailbox: MailboxArgument
    /// `CONDSTORE`: FETCH responses are to carry MODSEQ from now on.
    package var condstore: Bool
    /// `QRESYNC`.
    package var resync: Resynchronization?

    package init(mailbox: MailboxArgument, condstore: Bool = false, resync: Resynchronization? = nil) {
        self.mailbox = mailbox
        self.condstore = condstore
        self.resync = resync
    }
}

/// What a client that reconnects knows of the mailbox (RFC 7162 §3.2.5).
package struct Resynchronization: Hashable, Sendable {
    package var uidValidity: UIDValidity
    /// Up to here it knows everything.
    package var modSeq: ModSeq
    /// The messages that it has; nil for all.
    package var known: UIDSet?
    /// Some sequence numbers and, in step with them, their UIDs.
    package var match: SequenceMatch?

    package init(uidValidity: UIDValidity, modSeq: ModSeq, known: UIDSet? = nil, match: SequenceMatch? = nil) {
        self.uidValidity = uidValidity
        self.modSeq = modSeq
        self.known = known
        self.match = match
    }
}

/// RFC 7162 §3.2.5.2: the client's n-th number is the message with its n-th UID.
package struct SequenceMatch: Hashable, Sendable {
    package var numbers: SequenceSet
    package var uids: UIDSet

    package init(numbers: SequenceSet, uids: UIDSet) {
        self.numbers = numbers
        self.uids = uids
    }
}

extension Lexer {
    // RFC 4466 §2.3: select = "SELECT" SP mailbox [select-params]; select-params = SP "(" select-param … ")"
    mutating func select() throws(SyntaxError) -> Select {
        try space()
        var select = Select(mailbox: try mailbox())
        guard takeSpace() else { return select }
        try expect("(")
        repeat {
            switch letters() {
            case "CONDSTORE": select.condstore = true
            case "QRESYNC":
                guard select.resync == nil else { throw SyntaxError("QRESYNC stands once") }
                try space()
                select.resync = try resynchronization()
            case let name: throw SyntaxError("unknown SELECT parameter \"\(name)\"")
            }
        } while takeSpace()
        try closeList()
        return select
    }

    // RFC 7162 §7: "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP seq-match-data] ")"
    private mutating func resynchronization() throws(SyntaxError) -> Resynchronization {
        try expect("(")
        guard let validity = UIDValidity(try nzNumber("a UIDVALIDITY")) else {
            throw SyntaxError("a UIDVALIDITY is never 0")
        }
        try space()
        var resync = Resynchronization(uidValidity: validity, modSeq: try modSeq())
        var more = takeSpace()
        if more, peek() != UInt8(ascii: "(") {
            resync.known = try knownSet()
            more = takeSpace()
        }
        if more {
            try expect("(")
            let numbers: SequenceSet = try ascendingSet()
            try space()
            resync.match = SequenceMatch(numbers: numbers, uids: try ascendingSet())
            try closeList()
        }
        try closeList()
        return resync
    }
}
