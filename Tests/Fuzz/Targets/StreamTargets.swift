// Streams that come in pieces: DATA, DEFLATE, the PROXY header, mbox files; and LMTP's command lines.

import IMAPServer
import Mail
import NIOCore
import SMTP
import Sockets

let streamTargets = [
    FuzzTarget("data", "the bytes after DATA: where a message ends, and what it is", longest: 2_048) { bytes in
        let (message, rest) = DataModel.read(bytes)
        for pieces in [[bytes]] + Pieces.ways(bytes) {
            var (reader, output, isAtEnd) = (DataReader(), ByteBuffer(), false)
            var left: [UInt8] = []
            for piece in pieces {
                var input = ByteBuffer(bytes: piece)
                if !isAtEnd { isAtEnd = reader.read(&input, into: &output) }
                left += input.readableBytesView
            }
            try requireEqual(isAtEnd ? left : nil, rest, "what follows, in \(pieces.count) pieces")
            guard isAtEnd else { continue }
            try requireEqual(Array(output.readableBytesView), message, "the message, in \(pieces.count) pieces")
        }
        try sendMessage(bytes)
    },
    FuzzTarget("smtp-command", "the command lines of LMTP", longest: 1_024) { bytes in
        for isUTF8 in [false, true] {
            let command = try? CommandParser(limits: SMTPLimits()).parse(bytes, smtpUTF8: isUTF8)
            guard case .rcpt(let recipient)? = command, case .address(let address) = recipient.forwardPath
            else { continue }
            try requireEqual(try? EmailAddress(address.description), address, "the recipient \(address)")
        }
    },
    FuzzTarget("inflate", "COMPRESS=DEFLATE: what a client sends, in pieces; what is sent to it", longest: 4_096) {
        bytes in
        let whole = try inflated([bytes])
        for pieces in Pieces.ways(bytes) {
            try requireEqual(try inflated(pieces), whole, "in \(pieces.count) pieces")
        }
        try deflate(bytes)
    },
    FuzzTarget("proxy-header", "the PROXY protocol's header", longest: 256) { bytes in
        var whole = ByteBuffer(bytes: bytes)
        let outcome = ProxyHeader.read(&whole)
        var buffer = ByteBuffer()
        for (index, byte) in bytes.enumerated() {
            buffer.writeInteger(byte)
            switch ProxyHeader.read(&buffer) {
            case .incomplete: continue
            case .malformed:
                if case .malformed = outcome { return }
                throw Finding("malformed after \(index + 1) bytes, as a whole \(outcome)")
            case .header(let header):
                try requireEqual(outcome, .header(header), "byte by byte")
                try requireEqual(whole.readableBytes, bytes.count - index - 1, "what is left")
                return
            }
        }
        try requireEqual(outcome, .incomplete, "byte by byte incomplete")
    },
    FuzzTarget("mbox", "mbox files: messages, quoting; what is written is read", longest: 4_096) { bytes in
        for quoting in [MboxReader.Quoting.mboxrd, .mboxo] {
            let whole = messages([bytes], quoting)
            for pieces in Pieces.ways(bytes) {
                try requireEqual(messages(pieces, quoting), whole, "in \(pieces.count) pieces")
            }
        }
        var writer = MboxWriter()
        var file: [UInt8] = []
        let texts = bytes.split(separator: 0, omittingEmptySubsequences: false).prefix(8).map(Array.init)
        for text in texts {
            file += writer.begin(sender: "a@example.org", date: MailDate(secondsSince1970: 1_795_000_000))
            for piece in Pieces.ways(text).first ?? [] { file += writer.write(piece) }
            file += writer.end()
        }
        let read = messages([file], .mboxrd).map(\.bytes)
        try requireEqual(read, texts.map(withLineFeeds), "what was written")
    },
]

/// A message that is sent with its dots doubled arrives as it was, its line ends made CR LF.
private func sendMessage(_ bytes: [UInt8]) throws(Finding) {
    let lines = DataModel.normalized(bytes)
    let message = lines.isEmpty || lines.suffix(2) == [0x0d, 0x0a] ? lines : lines + [0x0d, 0x0a]
    var input = ByteBuffer(bytes: DataModel.stuffed(message) + Array(".\r\nQUIT\r\n".utf8))
    var (reader, output) = (DataReader(), ByteBuffer())
    try require(reader.read(&input, into: &output), "no end")
    try requireEqual(Array(output.readableBytesView), message, "a message that was sent")
    try requireEqual(String(buffer: input), "QUIT\r\n", "what follows it")
}

/// What the handler makes of a client's stream: the bytes, and how it ends.
private struct Inflated: Equatable, CustomStringConvertible {
    static let longest = 256 * 1_024
    var bytes: [UInt8] = []
    var end = "open"

    /// No longer than is looked at: what follows that, and how it ends, depends on the pieces.
    var cut: Inflated {
        bytes.count < Inflated.longest ? self : Inflated(bytes: Array(bytes.prefix(Inflated.longest)), end: "long")
    }
    var description: String { "\(bytes.count) bytes that end with \(bytes.suffix(8)), then \(end)" }
}

private func inflated(_ pieces: [[UInt8]]) throws -> Inflated {
    guard let inflater = Inflater() else { throw Finding("no memory") }
    let most = 1_024
    var result = Inflated()
    var (backlog, isFull) = (ByteBuffer(), false)
    for piece in pieces {
        backlog.writeBytes(piece)
        while isFull || backlog.readableBytes > 0 {
            guard result.bytes.count < Inflated.longest else { return result.cut }
            let before = backlog.readableBytes
            var output = ByteBuffer()
            let outcome = inflater.decompress(&backlog, atMost: most, into: &output)
            try require(output.readableBytes <= most, "\(output.readableBytes) bytes at once")
            result.bytes += output.readableBytesView
            isFull = outcome == .full
            switch outcome {
            case .broken: result.end = "broken"
            case .ended: result.end = "ended"
            case .paused, .full:
                guard backlog.readableBytes == before, output.readableBytes == 0 else { continue }
                guard backlog.readableBytes > 0 else { continue }
                result.end = "stuck"
            }
            return result.cut
        }
    }
    return result.cut
}

/// What is sent compressed is what was written.
private func deflate(_ bytes: [UInt8]) throws {
    guard let deflater = Deflater() else { throw Finding("no memory") }
    var sent = ByteBuffer()
    for piece in Pieces.ways(bytes)[0] {
        try require(deflater.compress(ByteBuffer(bytes: piece), flush: true, into: &sent), "not compressed")
    }
    let result = try inflated([Array(sent.readableBytesView)])
    try requireEqual(result, Inflated(bytes: bytes), "what was sent compressed")
}

/// A message of an mbox file.
private struct MboxMessage: Equatable {
    var sender: String
    var date: MailDate?
    var bytes: [UInt8] = []
    var isWhole = false
}

private func messages(_ pieces: [[UInt8]], _ quoting: MboxReader.Quoting) -> [MboxMessage] {
    var reader = MboxReader(quoting: quoting)
    var found: [MboxMessage] = []
    func take(_ event: MboxReader.Event) {
        switch event {
        case .message(let sender, let date): found.append(MboxMessage(sender: sender, date: date))
        case .bytes(let bytes): if !found.isEmpty { found[found.count - 1].bytes += bytes }
        case .end: if !found.isEmpty { found[found.count - 1].isWhole = true }
        }
    }
    for piece in pieces { reader.consume(piece, take) }
    reader.finish(take)
    return found
}

/// Line ends as a file has them, also behind the last line.
private func withLineFeeds(_ text: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    for (index, byte) in text.enumerated() {
        let isLineEnd = byte == 0x0d && index + 1 < text.count && text[index + 1] == 0x0a
        if !isLineEnd { result.append(byte) }
    }
    return result.isEmpty || result.last == 0x0a ? result : result + [0x0a]
}
