// Cuts a connection's bytes into commands, lines and the pieces of a message.
//
// A command is one or more line fragments; each but the last ends in `{n}` or `{n+}` and is followed by a literal of n
// bytes. All of it is collected in `input` and given out whole, except APPEND's message, which is given out as it
// comes. The states:
//
//   fragment ──CRLF──▶ (command) fragment                     a line without a literal at its end
//   fragment ──{n+}──▶ literal ──n bytes──▶ fragment          within the limits
//   fragment ──{n}───▶ announced ──acceptLiteral──▶ literal   the session decides; refuseLiteral ──▶ fragment
//   fragment ──APPEND's {n}──▶ message ──acceptLiteral──▶ body ──n bytes──▶ tail ──CRLF──▶ fragment
//   anything refused with {n+} ──▶ swallow ──n bytes──▶ swallowLine ──CRLF──▶ fragment
//   anything fatal ──▶ closed
//
// Invariants: what was refused is never read as a command; nothing is held beyond the limits and one `append`; the
// events do not depend on how the bytes were cut into buffers (but for the cuts between the pieces of a message).

import IMAPSyntax
package import NIOCore

/// The frame decoder: bytes in with `append`, events out with `next`. It reads no further than it is asked to, so that
/// what follows STARTTLS, AUTHENTICATE or IDLE is read as the session then decides.
package struct CommandFramer: Sendable {
    package let limits: IMAPLimits
    /// Set by the session on login; widens the limits from the next command on.
    package var authenticated = false
    /// Set by the session between events.
    package var mode = WireMode.commands

    private var input = ByteBuffer()
    private var state = State.fragment
    /// What has been found of the command at the beginning of `input`.
    private var progress = Progress()

    private enum State {
        case fragment
        case announced(size: Int)
        case literal(size: Int)
        case message(tag: String, size: UInt64, synchronizing: Bool)
        case body(tag: String, remaining: UInt64)
        case tail(tag: String)
        case swallow(remaining: UInt64)
        case swallowLine
        case closed
    }

    private struct Progress {
        /// Whole fragments with their CRLFs, and literals.
        var length = 0
        /// Bytes after `length` in which there is no line end.
        var scanned = 0
        var lineBytes = 0
        var literalBytes = 0
        var literalCount = 0
    }

    package init(limits: IMAPLimits = IMAPLimits()) { self.limits = limits }

    /// Bytes received and not yet given out.
    package var bufferedBytes: Int { input.readableBytes }

    /// Takes all bytes of `buffer`.
    package mutating func append(_ buffer: inout ByteBuffer) {
        if case .closed = state {
            buffer.clear()
        } else if input.readableBytes == 0 {
            input = buffer
            buffer = ByteBuffer()
        } else {
            if input.readerIndex > input.readableBytes { input.discardReadBytes() }
            input.writeBuffer(&buffer)
        }
    }

    /// The next event, or nil when more bytes (or an answer to the last event) are needed.
    package mutating func next() -> WireEvent? {
        while true {
            switch step() {
            case .event(let event): return event
            case .wait: return nil
            case .again: continue
            }
        }
    }

    /// The announced literal may come.
    package mutating func acceptLiteral() {
        switch state {
        case .announced(let size): state = .literal(size: size)
        case .message(let tag, let size, _): state = .body(tag: tag, remaining: size)
        default: break
        }
    }

    /// The announced literal is refused. A synchronizing one will not come; of any other exactly the announced bytes
    /// and the rest of its line are swallowed.
    package mutating func refuseLiteral() {
        switch state {
        case .announced: dropCommand()
        case .message(_, let size, let synchronizing): drop(literal: size, synchronizing: synchronizing)
        default: break
        }
    }

    /// Gives away what was received and not read, which is for another layer.
    package mutating func takeBuffered() -> ByteBuffer {
        defer { discardBuffered() }
        return input
    }

    /// Forgets all that was received: what came in plain text with STARTTLS must not be read.
    package mutating func discardBuffered() {
        input = ByteBuffer()
        progress = Progress()
        state = .fragment
    }
}

extension CommandFramer {
    private enum Step {
        case event(WireEvent)
        case wait
        case again
    }

    private mutating func step() -> Step {
        switch state {
        case .fragment: return fragment()
        case .literal(let size): return literal(size)
        case .body(let tag, let remaining): return body(tag, remaining)
        case .tail(let tag): return tail(tag)
        case .swallow(let remaining): return swallow(remaining)
        case .swallowLine: return swallowLine()
        case .announced, .message, .closed: return .wait
        }
    }

    // MARK: Lines

    private enum Line {
        /// The offset of its CR from the reader index.
        case end(Int)
        case incomplete
        case bad(String)
    }

    private var lineLimit: Int { authenticated ? limits.line : limits.lineBeforeAuthentication }

    /// Looks for the end of the fragment that begins at `progress.length`.
    private mutating func findLineEnd() -> Line {
        let start = input.readerIndex + progress.length
        let searched = input.readableBytesView[(start + progress.scanned)...]
        guard let feed = searched.firstIndex(of: UInt8(ascii: "\n")) else {
            progress.scanned = input.writerIndex - start
            return progress.lineBytes + progress.scanned < lineLimit ? .incomplete : .bad("the line is too long")
        }
        guard progress.lineBytes + (feed - start) < lineLimit else { return .bad("the line is too long") }
        guard feed > start, input.getInteger(at: feed - 1, as: UInt8.self) == UInt8(ascii: "\r") else {
            return .bad("a line ends in CR LF, not in LF alone")
        }
        return .end(feed - 1 - input.readerIndex)
    }

    private mutating func fragment() -> Step {
        switch findLineEnd() {
        case .incomplete: return .wait
        case .bad(let reason): return fatal(BadCommand(tag: head.tag, reason: reason))
        case .end(let end):
            if mode == .lines { return .event(.line(takeLine(end))) }
            if let literal = announcedLiteral(endingAt: end) { return announce(literal, lineEnd: end) }
            return .event(.command(takeLine(end)))
        }
    }

    /// All up to the CR at `end`; the CRLF goes too.
    private mutating func takeLine(_ end: Int) -> ByteBuffer {
        let line = input.readSlice(length: end) ?? ByteBuffer()
        input.moveReaderIndex(forwardBy: 2)
        progress = Progress()
        return line
    }

    /// The tag and name of the command that has begun; both nil when it has no valid tag.
    private var head: (tag: String?, name: CommandName?) {
        let length = min(input.readableBytes, limits.syntax.tagLength + 64)
        guard let prefix = input.getSlice(at: input.readerIndex, length: length),
            case .success(let head) = parseCommandHead(prefix, limits: limits.syntax),
            prefix.getInteger(at: prefix.readerIndex + head.tag.utf8.count) == UInt8(ascii: " ")
        else { return (nil, nil) }
        return (head.tag, head.name)
    }

    // MARK: Literals

    private func announcedLiteral(endingAt end: Int) -> AnnouncedLiteral? {
        let start = input.readerIndex
        return AnnouncedLiteral(line: input.readableBytesView[(start + progress.length)..<(start + end)], base: start)
    }

    /// What to do with the literal that the fragment ending at `lineEnd` announces.
    private mutating func announce(_ literal: AnnouncedLiteral, lineEnd: Int) -> Step {
        let (tag, name) = head
        progress.literalCount += 1
        guard let tag else {
            let bad = BadCommand(tag: nil, reason: "a command begins with a tag and a name")
            return refuse(bad, nil, literal, lineEnd)
        }
        let countLimit = authenticated ? limits.literalCount : limits.literalCountBeforeAuthentication
        guard progress.literalCount <= countLimit else {
            return fatal(BadCommand(tag: tag, reason: "the command has too many literals"), .tooBig)
        }
        if authenticated, name == .append,
            let prefix = input.getSlice(at: input.readerIndex, length: literal.brace)
        {
            switch literalContext(prefix, limits: limits.syntax) {
            case .bad(let bad): return refuse(bad, nil, literal, lineEnd)
            case .message(let head):
                guard let size = literal.size else { return tooBig(tag, literal, lineEnd) }
                dropLine(lineEnd)
                state = .message(tag: tag, size: size, synchronizing: literal.synchronizing)
                return .event(.appendStarted(head, size: size, synchronizing: literal.synchronizing))
            case .argument: break
            }
        }
        return argument(CommandHead(tag: tag, name: name), literal, lineEnd)
    }

    /// A literal that is collected with its command.
    private mutating func argument(_ head: CommandHead, _ literal: AnnouncedLiteral, _ lineEnd: Int) -> Step {
        let sizeLimit = authenticated ? limits.literal : limits.literalBeforeAuthentication
        let sumLimit = authenticated ? limits.literalSum : limits.literalSumBeforeAuthentication
        guard let size = literal.size.flatMap({ Int(exactly: $0) }), size <= sizeLimit,
            progress.literalBytes + size <= sumLimit
        else { return tooBig(head.tag, literal, lineEnd) }
        progress.lineBytes += lineEnd + 2 - progress.length
        progress.length = lineEnd + 2
        progress.scanned = 0
        progress.literalBytes += size
        guard literal.synchronizing else {
            state = .literal(size: size)
            return .again
        }
        state = .announced(size: size)
        return .event(.continuationNeeded(head))
    }

    private mutating func literal(_ size: Int) -> Step {
        guard input.readableBytes - progress.length >= size else { return .wait }
        progress.length += size
        state = .fragment
        return .again
    }

    // MARK: The message of APPEND

    private mutating func body(_ tag: String, _ remaining: UInt64) -> Step {
        guard remaining > 0 else {
            state = .tail(tag: tag)
            return .again
        }
        let length = Int(min(remaining, UInt64(input.readableBytes)))
        guard length > 0, let piece = input.readSlice(length: length) else { return .wait }
        state = .body(tag: tag, remaining: remaining - UInt64(length))
        return .event(.appendData(piece))
    }

    /// The line's end after the message; anything before it spoils the command.
    private mutating func tail(_ tag: String) -> Step {
        switch findLineEnd() {
        case .incomplete: return .wait
        case .bad(let reason): return fatal(BadCommand(tag: tag, reason: reason))
        case .end(0):
            dropLine(0)
            state = .fragment
            return .event(.appendEnded(nil))
        case .end(let end):
            let bad = BadCommand(tag: tag, reason: "nothing may follow APPEND's message")
            return dropSwallowedLine(end) ? .event(.appendEnded(bad)) : fatal(bad)
        }
    }

    // MARK: Refusals

    private mutating func tooBig(_ tag: String, _ literal: AnnouncedLiteral, _ lineEnd: Int) -> Step {
        let bad = BadCommand(tag: tag, reason: "the literal is too large")
        // Before authentication nothing is owed to a client that sends so much.
        let mayBeSwallowed = authenticated && literal.size.map { $0 <= UInt64(limits.message) } ?? false
        guard literal.synchronizing || mayBeSwallowed else { return fatal(bad, .tooBig) }
        return refuse(bad, .tooBig, literal, lineEnd)
    }

    private mutating func refuse(
        _ bad: BadCommand, _ code: ResponseCode?, _ literal: AnnouncedLiteral, _ lineEnd: Int
    ) -> Step {
        guard literal.synchronizing || literal.size != nil else { return fatal(bad, code) }
        let count = progress.literalCount
        dropLine(lineEnd)
        progress.literalCount = count
        drop(literal: literal.size ?? 0, synchronizing: literal.synchronizing)
        return .event(.bad(bad, code: code, fatal: false))
    }

    private mutating func fatal(_ bad: BadCommand, _ code: ResponseCode? = nil) -> Step {
        discardBuffered()
        state = .closed
        return .event(.bad(bad, code: code, fatal: true))
    }

    private mutating func dropLine(_ end: Int) {
        input.moveReaderIndex(forwardBy: end + 2)
        progress = Progress()
    }

    private mutating func dropCommand() {
        input.moveReaderIndex(forwardBy: progress.length)
        progress = Progress()
        state = .fragment
    }

    private mutating func drop(literal size: UInt64, synchronizing: Bool) {
        guard synchronizing else {
            state = .swallow(remaining: size)
            return
        }
        progress = Progress()
        state = .fragment
    }

    private mutating func swallow(_ remaining: UInt64) -> Step {
        let length = Int(min(remaining, UInt64(input.readableBytes)))
        input.moveReaderIndex(forwardBy: length)
        guard remaining == UInt64(length) else {
            state = .swallow(remaining: remaining - UInt64(length))
            return .wait
        }
        state = .swallowLine
        return .again
    }

    private mutating func swallowLine() -> Step {
        switch findLineEnd() {
        case .incomplete: return .wait
        case .bad(let reason): return fatal(BadCommand(tag: nil, reason: reason))
        case .end(let end):
            return dropSwallowedLine(end) ? .again : fatal(BadCommand(tag: nil, reason: "too many literals"), .tooBig)
        }
    }

    /// Drops the rest of a spoilt command's line; when it announces a literal that comes unasked, that is swallowed as
    /// well. False when that cannot be.
    private mutating func dropSwallowedLine(_ end: Int) -> Bool {
        let literal = announcedLiteral(endingAt: end)
        let count = progress.literalCount + 1
        dropLine(end)
        state = .fragment
        guard let literal, !literal.synchronizing else { return true }
        guard let size = literal.size, count <= limits.literalCount else { return false }
        progress.literalCount = count
        state = .swallow(remaining: size)
        return true
    }
}
