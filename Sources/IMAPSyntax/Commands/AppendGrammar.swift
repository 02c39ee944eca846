// The text of an APPEND or REPLACE, read piece by piece between its data literals.
//
// Theory. A piece goes from the command's beginning, or from the end of a data literal, up to the `{` of the next
// literal or to the end of the command. Arguments that are literals themselves (a mailbox's name, a URL) lie within a
// piece: when one is announced, the piece is not over and will be read again with more of it. `place` is where the
// grammar stood after the last data literal; it moves only when a piece is over.

import Mail
package import NIOCore

package struct AppendGrammar: Sendable {
    private enum Place: Hashable, Sendable {
        case start
        case beforeMessage
        /// A message is complete: the next, or the end.
        case afterMessage
        /// Within CATENATE's parentheses.
        case beforePart
        case afterPart
        /// Within UTF8's parentheses, after the literal.
        case afterUTF8(inCatenate: Bool)
    }

    /// What a piece says.
    package enum Reading: Hashable, Sendable {
        /// The last step is `.literal`, and these are its octets that come next.
        case data([AppendStep])
        /// The literal belongs to the piece itself.
        case argument
        /// The command is complete.
        case end([AppendStep])
        case bad(BadCommand)
    }

    private let limits: SyntaxLimits
    private var place = Place.start
    private var isReplace = false
    /// Of the command, once a piece of it was read.
    package private(set) var tag: String?

    package init(limits: SyntaxLimits) { self.limits = limits }

    /// - Parameters:
    ///   - text: the piece, with the literals that are its own.
    ///   - isEnd: false when a literal is announced where it ends, true when the command does.
    package mutating func read(_ text: ByteBuffer, isEnd: Bool) -> Reading {
        var reader = AppendReader(lexer: Lexer(text, limits: limits), isEnd: isEnd)
        var next = self
        do throws(SyntaxError) {
            while true {
                switch try next.step(&reader) {
                case .more: continue
                case .argument: return .argument
                case .data:
                    self = next
                    return .data(reader.steps)
                case .end:
                    self = next
                    return .end(reader.steps)
                }
            }
        } catch {
            tag = tag ?? next.tag
            return .bad(BadCommand(tag: tag, reason: error.reason))
        }
    }

    private enum Outcome { case more, data, argument, end }

    /// Reads on from `place`. Every step but the last takes at least one byte.
    private mutating func step(_ reader: inout AppendReader) throws(SyntaxError) -> Outcome {
        switch place {
        case .start: return try head(&reader)
        case .beforeMessage: return try message(&reader)
        case .afterMessage: return try afterMessage(&reader)
        case .beforePart: return try part(&reader)
        case .afterPart:
            place = reader.lexer.takeSpace() ? .beforePart : .afterMessage
            if place == .afterMessage { try reader.lexer.closeList() }
            return .more
        case .afterUTF8(let inCatenate):
            try reader.lexer.closeList()
            place = inCatenate ? .afterPart : .afterMessage
            return .more
        }
    }

    // RFC 4466 §6: append = "APPEND" SP mailbox 1*append-message
    // RFC 8508 §5: replace = "REPLACE" SP seq-number SP mailbox append-message
    private mutating func head(_ reader: inout AppendReader) throws(SyntaxError) -> Outcome {
        let tag = try reader.lexer.tag()
        self.tag = tag
        try reader.lexer.space()
        var name = reader.lexer.letters()
        var numbering = MessageNumbering.sequence
        if name == "UID" {
            try reader.lexer.space()
            name = reader.lexer.letters()
            numbering = .uid
        }
        isReplace = name == "REPLACE"
        guard isReplace || name == "APPEND" && numbering == .sequence else { throw SyntaxError("unknown command") }
        try reader.lexer.space()
        var head = AppendHead(tag: tag, mailbox: MailboxArgument(bytes: []))
        if isReplace {
            head.replaced = try reader.lexer.singleMessage(numbering)
            try reader.lexer.space()
        }
        if reader.atLiteral { return .argument }
        head.mailbox = try reader.lexer.mailbox()
        reader.steps.append(.begin(head))
        place = .beforeMessage
        return .more
    }

    // RFC 4466 §6: append-message = append-opts SP append-data; append-opts = [SP flag-list] [SP date-time]
    private mutating func message(_ reader: inout AppendReader) throws(SyntaxError) -> Outcome {
        var options = AppendOptions()
        try reader.lexer.space()
        if reader.lexer.peek() == UInt8(ascii: "(") {
            options.flags = try reader.lexer.flagList()
            try reader.lexer.space()
        }
        if reader.lexer.peek() == UInt8(ascii: "\"") {
            options.date = try reader.lexer.dateTime()
            try reader.lexer.space()
        }
        reader.steps.append(.message(options))
        if let form = reader.takeLiteral() {
            place = .afterMessage
            return data(form, &reader)
        }
        switch reader.lexer.letters() {
        case "UTF": return try utf8(&reader, inCatenate: false)
        case "CATENATE":
            try reader.lexer.space()
            try reader.lexer.expect("(")
            reader.steps.append(.catenate)
            place = .beforePart
            return .more
        default: throw SyntaxError("\(what) takes a mailbox, flags, a date and a message as a literal")
        }
    }

    private mutating func afterMessage(_ reader: inout AppendReader) throws(SyntaxError) -> Outcome {
        let start = reader.lexer.position
        while reader.lexer.take(" ") {}
        if reader.lexer.atEnd, reader.isEnd { return .end }
        guard !isReplace else { throw SyntaxError("REPLACE takes one message") }
        reader.lexer.position = start
        place = .beforeMessage
        return .more
    }

    // RFC 4469 §5: cat-part = text-literal / url; RFC 6855 §4: cat-part =/ utf8-literal
    // text-literal = "TEXT" SP literal; url = "URL" SP astring
    private mutating func part(_ reader: inout AppendReader) throws(SyntaxError) -> Outcome {
        switch reader.lexer.letters() {
        case "TEXT":
            try reader.lexer.space()
            guard let form = reader.takeLiteral() else { throw SyntaxError("TEXT is followed by a literal") }
            place = .afterPart
            return data(form, &reader)
        case "UTF": return try utf8(&reader, inCatenate: true)
        case "URL":
            try reader.lexer.space()
            if reader.atLiteral { return .argument }
            reader.steps.append(.url(try reader.lexer.astring("a URL")))
            guard reader.steps.count <= 3 * limits.arguments else { throw SyntaxError("too many URLs") }
            place = .afterPart
            return .more
        default: throw SyntaxError("CATENATE takes TEXT with a literal and URL with a string")
        }
    }

    // RFC 6855 §4: utf8-literal = "UTF8" SP "(" literal8 ")"
    /// After the letters of `UTF8`.
    private mutating func utf8(_ reader: inout AppendReader, inCatenate: Bool) throws(SyntaxError) -> Outcome {
        try reader.lexer.expect("8")
        try reader.lexer.space()
        try reader.lexer.expect("(")
        guard reader.takeLiteral() == .binary else { throw SyntaxError("UTF8 takes a literal8 in parentheses") }
        place = .afterUTF8(inCatenate: inCatenate)
        return data(.utf8, &reader)
    }

    private func data(_ form: AppendLiteralForm, _ reader: inout AppendReader) -> Outcome {
        reader.steps.append(.literal(form))
        return .data
    }

    private var what: String { isReplace ? "REPLACE" : "APPEND" }
}

/// One piece while it is read.
private struct AppendReader {
    var lexer: Lexer
    let isEnd: Bool
    var steps: [AppendStep] = []

    /// The literal that is announced stands here.
    var atLiteral: Bool { lexer.atEnd && !isEnd }

    /// A data literal here, the `~` of a literal8 included.
    mutating func takeLiteral() -> AppendLiteralForm? {
        let start = lexer.position
        let isBinary = lexer.take("~")
        if atLiteral { return isBinary ? .binary : .text }
        lexer.position = start
        return nil
    }
}

extension Lexer {
    // RFC 8508 §5: seq-number
    fileprivate mutating func singleMessage(_ numbering: MessageNumbering) throws(SyntaxError) -> MessageSelection {
        switch numbering {
        case .sequence: .sequence(MessageSet([try singleNumber()]))
        case .uid: .uid(MessageSet([try singleNumber()]))
        }
    }

    private mutating func singleNumber<Number: MessageNumber>() throws(SyntaxError) -> MessageSet<Number>.Element {
        if take("*") { return .init(.last, .last) }
        guard let number = Number(try nzNumber("a message number")) else {
            throw SyntaxError("a message number must not be 0")
        }
        return .init(.number(number), .number(number))
    }
}
