// An input of the IMAP session target: what several sessions say, one after the other.
//
// The first byte says how the rest is read; see `IMAPScript.Form`. A script's lines end in LF alone, so that a command
// may hold CRLF and literals. A line's first byte is its session, of which there are three: `a` and `c` are Alice's,
// `b` is Bob's. The rest is a command without its tag; or, where the server asks to go on, what is said to that.

struct IMAPScript {
    /// The three low bits of the first byte.
    enum Form: UInt8 {
        /// Bytes for a session without a login, as they are.
        case stranger
        /// Bytes for a session of Alice's, logged in, or with INBOX selected.
        case loggedIn, selected
        /// The same, in pieces.
        case inPieces
        /// A script, in IMAP4rev1; with commands sent before those ahead of them are answered.
        case steps, pipelined
        /// A script, in IMAP4rev2 with QRESYNC, or with UIDONLY.
        case rev2, uidOnly
    }

    struct Step {
        let session: UInt8
        let text: [UInt8]

        /// One line, which announces no literal: the server owes it one answer.
        var isPlain: Bool { !text.contains(0x0d) && !text.contains(0x0a) && text.last != UInt8(ascii: "}") }

        /// Of the literal that its end announces.
        var literalSize: Int? {
            guard text.last == UInt8(ascii: "}"), let brace = text.lastIndex(of: UInt8(ascii: "{")) else { return nil }
            return Int(String(decoding: text[(brace + 1)...].dropLast(), as: UTF8.self))
        }
    }

    static let mostSteps = 48
    let form: Form
    let bytes: [UInt8]

    init(_ input: [UInt8]) {
        form = input.first.flatMap { Form(rawValue: $0 & 7) } ?? .stranger
        bytes = Array(input.dropFirst())
    }

    var steps: [Step] {
        var steps: [Step] = []
        var line: [UInt8] = []
        for byte in bytes + [0x0a] {
            guard byte == 0x0a, line.last != 0x0d else {
                line.append(byte)
                continue
            }
            if let session = line.first { steps.append(Step(session: session, text: Array(line.dropFirst()))) }
            line = []
        }
        return Array(steps.prefix(IMAPScript.mostSteps))
    }

    /// Pieces of one to sixteen bytes.
    var pieces: [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            let length = min(bytes.count - start, 1 + Int(bytes[start] & 15))
            pieces.append(Array(bytes[start..<(start + length)]))
            start += length
        }
        return pieces
    }
}
