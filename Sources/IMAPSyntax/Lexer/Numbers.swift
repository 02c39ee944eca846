// Message sets: sequence numbers or UIDs, ranges, `*`.

import Mail

extension Lexer {
    // RFC 5182 §3: sequence-set =/ seq-last-command
    mutating func messageSelection(_ numbering: MessageNumbering) throws(SyntaxError) -> MessageSelection {
        if take("$") { return .saved(numbering) }
        return switch numbering {
        case .sequence: .sequence(try messageSet())
        case .uid: .uid(try messageSet())
        }
    }

    // RFC 3501 §9: sequence-set = (seq-number / seq-range) *("," sequence-set)
    mutating func messageSet<Number: MessageNumber>() throws(SyntaxError) -> MessageSet<Number> {
        var elements: [MessageSet<Number>.Element] = []
        repeat {
            guard elements.count < limits.setElements else {
                throw SyntaxError("the message set has too many elements")
            }
            let first: MessageSetBound<Number> = try messageSetBound()
            let second = take(":") ? try messageSetBound() : first
            elements.append(.init(first, second))
        } while take(",")
        return MessageSet(elements)
    }

    // RFC 3501 §9: seq-number = nz-number / "*"
    private mutating func messageSetBound<Number: MessageNumber>() throws(SyntaxError) -> MessageSetBound<Number> {
        if take("*") { return .last }
        guard let number = Number(try nzNumber("a message number")) else {
            throw SyntaxError("a message number must not be 0")
        }
        return .number(number)
    }
}
