// Cuts a connection's bytes into commands, lines and the pieces of a message.
//
// A command is one or more line fragments; each but the last ends in `{n}` or `{n+}` and is followed by a literal of n
// bytes. All of it is collected in `input` and given out whole, except the messages of APPEND and REPLACE, which are
// given out as they come: `appending` holds the grammar of such a command while it lasts (see CommandFramer+Append).
// The states:
//
//   fragment ──CRLF──▶ (command) fragment                     a line without a literal at its end
//   fragment ──{n+}──▶ literal ──n bytes──▶ fragment          within the limits
//   fragment ──{n}───▶ announced ──acceptLiteral──▶ literal   the session decides; refuseLiteral ──▶ fragment
//   fragment ──data of APPEND──▶ message ──acceptLiteral──▶ body ──n bytes──▶ fragment
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
    /// Whether literals that come unasked may be larger than `IMAPLimits.smallLiteral`; set by the session too.
    package var takesLargeLiterals = true
    /// Set by the session between events.
    package var mode = WireMode.commands

    var input = ByteBuffer()
    var state = State.fragment
    /// What has been found of the command at the beginning of `input`.
    var progress = Progress()
    /// The grammar of the APPEND or REPLACE of which data literals have come.
    var appending: AppendGrammar?
    /// Found already and not yet given out, the last first.
    var pending: [WireEvent] = []

    enum State {
        case fragment
        case announced(size: Int)
        case literal(size: Int)
        case message(size: UInt64, synchronizing: Bool)
        case body(remaining: UInt64)
        case swallow(remaining: UInt64)
        case swallowLine
        case closed
    }

    struct Progress {
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
        if let event = pending.popLast() { return event }
        while true {
            switch step() {
            case .event(let event): return event
            case .wait:
                // A session that waits holds no room for what it has read.
                if input.readableBytes == 0 { input = ByteBuffer() }
                return nil
            case .again: continue
            }
        }
    }

    /// The announced literal may come.
    package mutating func acceptLiteral() {
        switch state {
        case .announced(let size): state = .literal(size: size)
        case .message(let size, _): state = .body(remaining: size)
        default: break
        }
    }

    /// The announced literal is refused. A synchronizing one will not come; of any other exactly the announced bytes
    /// and the rest of its line are swallowed.
    package mutating func refuseLiteral() {
        switch state {
        case .announced: dropCommand()
        case .message(let size, let synchronizing):
            appending = nil
            drop(literal: size, synchronizing: synchronizing)
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
        appending = nil
        pending = []
    }
}

extension CommandFramer {
    enum Step {
        case event(WireEvent)
        case wait
        case again
    }

    private mutating func step() -> Step {
        switch state {
        case .fragment: return fragment()
        case .literal(let size): return literal(size)
        case .body(let remaining): return body(remaining)
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
        case .bad(let reason): return fatal(BadCommand(tag: appending?.tag ?? head.tag, reason: reason))
        case .end(let end):
            if mode == .lines { return .event(.line(takeLine(end))) }
            let literal = announcedLiteral(endingAt: end)
            if isAppend { return appendText(literal, lineEnd: end) }
            if let literal { return announce(literal, lineEnd: end) }
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
    var head: (tag: String?, name: CommandName?) {
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
        return argument(CommandHead(tag: tag, name: name), literal, lineEnd)
    }

    /// A literal that is collected with its command.
    mutating func argument(_ head: CommandHead, _ literal: AnnouncedLiteral, _ lineEnd: Int) -> Step {
        let sizeLimit = authenticated ? limits.literal : limits.literalBeforeAuthentication
        let sumLimit = authenticated ? limits.literalSum : limits.literalSumBeforeAuthentication
        guard let size = literal.size.flatMap({ Int(exactly: $0) }), size <= sizeLimit, mayCome(literal),
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

    /// Whether the client is allowed to send the literal in this way (RFC 7888 §5).
    func mayCome(_ literal: AnnouncedLiteral) -> Bool {
        if literal.synchronizing || takesLargeLiterals { return true }
        return literal.size.map { $0 <= UInt64(IMAPLimits.smallLiteral) } ?? false
    }

    // MARK: Refusals

    mutating func tooBig(_ tag: String, _ literal: AnnouncedLiteral, _ lineEnd: Int) -> Step {
        let bad = BadCommand(tag: tag, reason: "the literal is too large")
        // Before authentication nothing is owed to a client that sends so much.
        let mayBeSwallowed = authenticated && literal.size.map { $0 <= UInt64(limits.message) } ?? false
        guard literal.synchronizing || mayBeSwallowed else { return fatal(bad, .tooBig) }
        return refuse(bad, .tooBig, literal, lineEnd)
    }

    mutating func refuse(
        _ bad: BadCommand, _ code: ResponseCode?, _ literal: AnnouncedLiteral, _ lineEnd: Int
    ) -> Step {
        guard literal.synchronizing || literal.size != nil else { return fatal(bad, code) }
        let count = progress.literalCount
        dropLine(lineEnd)
        appending = nil
        progress.literalCount = count
        drop(literal: literal.size ?? 0, synchronizing: literal.synchronizing)
        return .event(.bad(bad, code: code, fatal: false))
    }

    mutating func fatal(_ bad: BadCommand, _ code: ResponseCode? = nil) -> Step {
        discardBuffered()
        state = .closed
        return .event(.bad(bad, code: code, fatal: true))
    }

    mutating func dropLine(_ end: Int) {
        input.moveReaderIndex(forwardBy: end + 2)
        progress = Progress()
    }

    private mutating func dropCommand() {
        input.moveReaderIndex(forwardBy: progress.length)
        progress = Progress()
        appending = nil
        state = .fragment
    }

    mutating func drop(literal size: UInt64, synchronizing: Bool) {
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
        guard let size = literal.size, count <= max(limits.literalCount, limits.appendMessages) else { return false }
        progress.literalCount = count
        state = .swallow(remaining: size)
        return true
    }
}
