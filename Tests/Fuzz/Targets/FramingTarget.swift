// The frame decoder of IMAP in conversations: lines, literals, APPEND, refusals.
//
// The first byte says what kind of session it is; the rest is what the client sends.

import IMAPServer
import IMAPSyntax
import NIOCore

let framingTargets = [
    FuzzTarget("imap-framing", "IMAP's lines and literals, in pieces; what was refused is not read", longest: 2_048) {
        bytes in
        guard let first = bytes.first else { return }
        let session = FramedSession(first)
        let sent = Array(bytes.dropFirst())
        let whole = try session.conversation([sent])
        for pieces in Pieces.ways(sent) {
            let other = try session.conversation(pieces)
            try requireEqual(other.events, whole.events, "in \(pieces.count) pieces")
        }
        guard !whole.refused.isEmpty else { return }
        // What is refused may say anything: the conversation is the same.
        var others = sent
        for range in whole.refused { for index in range { others[index] = UInt8(ascii: "x") } }
        try requireEqual(try session.conversation([others]).events, whole.events, "with other refused bytes")
    }
]

/// What kind of session: logged in or not, does it take literals, how much of everything.
private struct FramedSession {
    let authenticated: Bool
    let accepts: Bool
    let takesLargeLiterals: Bool
    let limits: IMAPLimits

    init(_ options: UInt8) {
        authenticated = options & 1 == 0
        accepts = options & 2 == 0
        takesLargeLiterals = options & 4 == 0
        var limits = IMAPLimits()
        if options & 8 != 0 {
            // A line that is too long is always long enough for its tag.
            limits.syntax.tagLength = 8
            limits.line = 128
            limits.lineBeforeAuthentication = 96
            limits.literal = 32
            limits.literalBeforeAuthentication = 16
            limits.literalSum = 64
            limits.literalSumBeforeAuthentication = 32
            limits.literalCount = 4
            limits.literalCountBeforeAuthentication = 2
            limits.message = 256
            limits.appendMessages = 5
        }
        self.limits = limits
    }

    struct Conversation {
        var events: [WireEvent] = []
        /// Where the literals lie that come though their command was refused.
        var refused: [Range<Int>] = []
    }

    func conversation(_ pieces: [[UInt8]]) throws(Finding) -> Conversation {
        var framer = CommandFramer(limits: limits)
        framer.authenticated = authenticated
        framer.takesLargeLiterals = takesLargeLiterals
        var found = Conversation()
        var sent: [UInt8] = []
        var isClosed = false
        // Where the last event ended.
        var start = 0
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            sent += piece
            framer.append(&buffer)
            while let event = framer.next() {
                try require(!isClosed, "after the end: \(event)")
                found.add(event)
                let read = sent.count - framer.bufferedBytes
                if let range = refused(by: event, sent[start..<read]) { found.refused.append(range) }
                start = read
                react(&framer, to: event)
                if case .bad(_, _, fatal: true) = event { isClosed = true }
            }
            try require(isClosed || framer.bufferedBytes <= mostHeld, "holds \(framer.bufferedBytes) bytes")
        }
        let end = sent.count
        found.refused = found.refused.map { $0.clamped(to: 0..<end) }.filter { !$0.isEmpty }
        return found
    }

    /// Lines and literals of one command, and the line ends between them.
    private var mostHeld: Int {
        limits.line + limits.literalSum + 2 * limits.literalCount + 2
    }

    private func react(_ framer: inout CommandFramer, to event: WireEvent) {
        switch event {
        case .continuationNeeded, .appendLiteral:
            if accepts { framer.acceptLiteral() } else { framer.refuseLiteral() }
        case .command(let bytes):
            let name = try? parseCommand(bytes).get().command.name
            if name == .idle || name == .authenticate { framer.mode = .lines }
        case .line: framer.mode = .commands
        default: break
        }
    }

    /// The literal that comes all the same after a refusal; nil where that is not certain.
    /// - Parameter text: what was read for the event.
    private func refused(by event: WireEvent, _ text: ArraySlice<UInt8>) -> Range<Int>? {
        let size: Int?
        switch event {
        case .appendLiteral(let literal):
            size = accepts || literal.synchronizing ? nil : Int(clamping: literal.size)
        case .bad(_, _, fatal: false), .appendEnded(.some, _): size = FramedSession.announced(text)
        default: size = nil
        }
        return size.map { text.endIndex..<(text.endIndex + min($0, Int.max / 2)) }
    }

    /// The size in `{size+}` at the end of a line; nil where another line comes before it, maybe of a literal.
    private static func announced(_ text: ArraySlice<UInt8>) -> Int? {
        guard text.suffix(4).elementsEqual("+}\r\n".utf8), !text.dropLast(4).contains(0x0a) else { return nil }
        let digits = text.dropLast(4).reversed().prefix { (0x30...0x39).contains($0) }
        guard !digits.isEmpty, text.dropLast(4 + digits.count).last == UInt8(ascii: "{") else { return nil }
        return Int(String(decoding: digits.reversed(), as: UTF8.self))
    }
}

extension FramedSession.Conversation {
    /// Where a message was cut is the network's affair.
    fileprivate mutating func add(_ event: WireEvent) {
        guard case .appendData(var more) = event, case .appendData(var data)? = events.last else {
            return events.append(event)
        }
        data.writeBuffer(&more)
        events[events.count - 1] = .appendData(data)
    }
}
