// APPEND and REPLACE on the wire: text and data literals by turns.
//
// The text between two data literals is read by the grammar when all of it is here, with the arguments in it that are
// literals themselves. What it says comes out as steps, then the data literal is announced; its octets pass through in
// the pieces in which they come. After a data literal the limits of a command's text begin anew.

import IMAPSyntax
import NIOCore

extension CommandFramer {
    /// What stands at the beginning of `input` belongs to an APPEND or REPLACE of somebody who is logged in.
    var isAppend: Bool {
        if appending != nil { return true }
        guard authenticated, mayBeAppend else { return false }
        switch head.name {
        case .append, .replace: return true
        default: return false
        }
    }

    /// By the first letter after the tag: a quick no for most commands.
    private var mayBeAppend: Bool {
        let bytes = input.readableBytesView.prefix(limits.syntax.tagLength + 2)
        guard let space = bytes.firstIndex(of: 0x20), space + 1 < bytes.endIndex else { return false }
        switch bytes[space + 1] | 0x20 {
        case UInt8(ascii: "a"), UInt8(ascii: "r"), UInt8(ascii: "u"): return true
        default: return false
        }
    }

    /// The text up to `lineEnd`, or to the literal that is announced there.
    mutating func appendText(_ literal: AnnouncedLiteral?, lineEnd: Int) -> Step {
        let isFirst = appending == nil
        var grammar = appending ?? AppendGrammar(limits: limits.syntax)
        guard let text = input.getSlice(at: input.readerIndex, length: literal?.brace ?? lineEnd) else { return .wait }
        switch grammar.read(text, isEnd: literal == nil) {
        case .argument:
            return literal.map { appendArgument($0, grammar, lineEnd) } ?? .wait
        case .end(let steps):
            dropLine(lineEnd)
            appending = nil
            return give(steps.map { .append($0) } + [.appendEnded(nil)])
        case .data(let steps):
            guard let literal else { return .wait }
            return data(steps, literal, grammar, lineEnd)
        case .bad(let bad):
            return isFirst ? refuseFirst(bad, nil, literal, lineEnd) : spoil(bad, nil, literal, lineEnd)
        }
    }

    /// A mailbox's name or a URL as a literal: collected as in any other command.
    private mutating func appendArgument(
        _ literal: AnnouncedLiteral, _ grammar: AppendGrammar, _ lineEnd: Int
    ) -> Step {
        let tag = grammar.tag ?? head.tag
        progress.literalCount += 1
        guard let tag, progress.literalCount <= limits.literalCount else {
            return fatal(BadCommand(tag: tag, reason: "the command has too many literals"), .tooBig)
        }
        guard appending != nil else {
            return argument(CommandHead(tag: tag, name: head.name), literal, lineEnd)
        }
        switch argument(CommandHead(tag: tag, name: .append), literal, lineEnd) {
        // The session is in the midst of the command: its end is what it waits for.
        case .event(.bad(let bad, let code, fatal: false)): return .event(.appendEnded(bad, code: code))
        case let step: return step
        }
    }

    private mutating func data(
        _ steps: [AppendStep], _ announced: AnnouncedLiteral, _ grammar: AppendGrammar, _ lineEnd: Int
    ) -> Step {
        guard let size = announced.size, mayCome(announced) else {
            let bad = BadCommand(tag: grammar.tag, reason: "the literal is too large")
            return appending == nil
                ? refuseFirst(bad, .tooBig, announced, lineEnd) : spoil(bad, .tooBig, announced, lineEnd)
        }
        dropLine(lineEnd)
        appending = grammar
        state = .message(size: size, synchronizing: announced.synchronizing)
        return give(
            steps.map { step in
                guard case .literal(let form) = step else { return .append(step) }
                return .appendLiteral(AppendLiteral(form, size: size, synchronizing: announced.synchronizing))
            })
    }

    /// The session has heard nothing of the command.
    private mutating func refuseFirst(
        _ bad: BadCommand, _ code: ResponseCode?, _ literal: AnnouncedLiteral?, _ lineEnd: Int
    ) -> Step {
        guard let literal else {
            dropLine(lineEnd)
            return .event(.bad(bad, code: code, fatal: false))
        }
        progress.literalCount += 1
        return refuse(bad, literal.size == nil ? .tooBig : code, literal, lineEnd)
    }

    /// The rest of a command that has begun is wrong.
    private mutating func spoil(
        _ bad: BadCommand, _ code: ResponseCode?, _ literal: AnnouncedLiteral?, _ lineEnd: Int
    ) -> Step {
        appending = nil
        guard let literal else {
            dropLine(lineEnd)
            return .event(.appendEnded(bad, code: code))
        }
        guard literal.synchronizing || literal.size != nil else { return fatal(bad, .tooBig) }
        dropLine(lineEnd)
        progress.literalCount = 1
        drop(literal: literal.size ?? 0, synchronizing: literal.synchronizing)
        return .event(.appendEnded(bad, code: code))
    }

    private mutating func give(_ events: [WireEvent]) -> Step {
        pending = events.reversed()
        return pending.popLast().map { .event($0) } ?? .again
    }

    /// The octets of a data literal.
    mutating func body(_ remaining: UInt64) -> Step {
        guard remaining > 0 else {
            state = .fragment
            return .again
        }
        let length = Int(min(remaining, UInt64(input.readableBytes)))
        guard length > 0, let piece = input.readSlice(length: length) else { return .wait }
        state = .body(remaining: remaining - UInt64(length))
        return .event(.appendData(piece))
    }
}
