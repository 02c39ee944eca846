// The bytes after DATA: where the message ends, and what it is without dot-stuffing (RFC 5321 §4.5.2).
//
// Theory. Only CR LF . CR LF ends a message; the CR LF of the DATA command counts as the first. A line begins, for the
// dot's sake, after CR LF alone: nothing else that some program might take for a line end is one here, so no two
// programs can disagree about where a message ends (SMTP smuggling). What arrives is kept: a bare LF becomes CR LF in
// the stored message, because IMAP clients expect lines, a bare CR and a NUL stay as they are. We refuse none of these:
// the client is our own mail transfer agent, which has taken the message already, and a refusal would lose it.
//
// States. `lineStart`: after CR LF. `dot`: after a dot there, which was dropped. `dotCR`: after CR there, which is held
// back. `cr`: after another CR. `text`: anywhere else.

import Mail
package import NIOCore

/// Reads one message. A value: feed it pieces of any size.
package struct DataReader: Sendable {
    private enum State { case lineStart, dot, dotCR, cr, text }
    private var state = State.lineStart

    package init() {}

    /// Takes bytes from `input` and appends the message's to `output`.
    /// - Returns: true at the message's end; what is left of `input` is not the message's.
    package mutating func read(_ input: inout ByteBuffer, into output: inout ByteBuffer) -> Bool {
        let base = input.readerIndex
        let total = input.readableBytes
        var runStart = 0
        var end: Int?
        do {
            let bytes = input.readableBytesUInt8Span
            var index = 0
            while index < total {
                if state == .text, bytes[index] != 0x0a {
                    index = Self.lineEnd(in: bytes, from: index)
                    state = bytes[index - 1] == 0x0d ? .cr : .text
                    continue
                }
                let byte = bytes[index]
                if state == .dotCR {
                    if byte == 0x0a {
                        end = index
                        break
                    }
                    output.writeInteger(UInt8(0x0d))
                    state = .cr
                }
                let keeps = step(byte)
                if keeps != .asItIs {
                    Self.copy(input, base + runStart, index - runStart, into: &output)
                    runStart = index + 1
                    if keeps == .asCRLF { output.writeStaticString("\r\n") }
                }
                index += 1
            }
        }
        if let end {
            input.moveReaderIndex(forwardBy: end + 1)
            return true
        }
        Self.copy(input, base + runStart, total - runStart, into: &output)
        input.moveReaderIndex(forwardBy: total)
        return false
    }

    /// The place of the next LF, or the end. Up to there text only is kept; whether it ends in CR is all that counts.
    private static func lineEnd(in bytes: Span<UInt8>, from index: Int) -> Int {
        ByteSearch.firstIndex(of: 0x0a, in: bytes, from: index) ?? bytes.count
    }

    private enum Kept { case asItIs, dropped, asCRLF }

    /// Moves the state over one byte and says what of it stays in the message.
    private mutating func step(_ byte: UInt8) -> Kept {
        switch (state, byte) {
        case (.cr, 0x0a):
            state = .lineStart
            return .asItIs
        case (.lineStart, UInt8(ascii: ".")):
            state = .dot
            return .dropped
        case (.dot, 0x0d):
            state = .dotCR
            return .dropped
        case (_, 0x0d):
            state = .cr
            return .asItIs
        case (_, 0x0a):
            state = .text
            return .asCRLF
        default:
            state = .text
            return .asItIs
        }
    }

    private static func copy(_ input: ByteBuffer, _ start: Int, _ count: Int, into output: inout ByteBuffer) {
        guard count > 0, let run = input.getSlice(at: start, length: count) else { return }
        output.writeImmutableBuffer(run)
    }
}
