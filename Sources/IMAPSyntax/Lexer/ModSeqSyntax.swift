// Modification sequences, and the sets of numbers that a client says it knows.

import Mail

extension Lexer {
    // RFC 7162 §7: mod-sequence-valzer = "0" / mod-sequence-value
    //
    // 0 is taken everywhere, also where the grammar begins at 1: some clients mean "all that ever was" by it.
    mutating func modSeq() throws(SyntaxError) -> ModSeq {
        guard let value = ModSeq(try number64("a mod-sequence")) else {
            throw SyntaxError("a mod-sequence is at most 2^63-1")
        }
        return value
    }

    // RFC 7162 §7: known-uids = sequence-set, without `*`
    mutating func knownSet<Number: MessageNumber>() throws(SyntaxError) -> NumberSet<Number> {
        try explicit(messageSet()).resolved(last: nil)
    }

    /// As `knownSet`, in ascending order and naming nothing twice, so that two such sets can be read in step.
    mutating func ascendingSet<Number: MessageNumber>() throws(SyntaxError) -> NumberSet<Number> {
        let set: MessageSet<Number> = try explicit(messageSet())
        var last: UInt32 = 0
        for element in set.elements {
            guard case (.number(let first), .number(let second)) = (element.first, element.second),
                first.rawValue > last, second >= first
            else { throw SyntaxError("the sets of message numbers and their UIDs must ascend") }
            last = second.rawValue
        }
        return set.resolved(last: nil)
    }

    private func explicit<Number: MessageNumber>(
        _ set: MessageSet<Number>
    ) throws(SyntaxError) -> MessageSet<Number> {
        guard !set.elements.contains(where: { $0.first == .last || $0.second == .last }) else {
            throw SyntaxError("\"*\" is not allowed here")
        }
        return set
    }
}
