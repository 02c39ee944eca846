// Splits an mbox file into its messages while it streams by.
//
// Theory. A message begins at a line `From sender date` whose date can be read; the empty line before it belongs to it,
// so an empty line is held back until the next line shows what it is. Of a line that may be such a line, or a quoted
// one, the first bytes are held back too; of no other line, so that lines of any length stream through.

/// Reads mboxo and mboxrd (RFC 4155); Content-Length is ignored. Feed it the file in pieces of any size.
package struct MboxReader: Sendable {
    /// What the reader found, in order.
    package enum Event: Hashable, Sendable {
        /// A message begins. `sender` and `date` are the `From ` line's.
        case message(sender: String, date: MailDate?)
        /// Bytes of the message, quoting undone, line ends as in the file.
        case bytes([UInt8])
        /// The message is whole.
        case end
    }

    /// Which lines lose a `>` again.
    package enum Quoting: Sendable {
        /// `>From `, `>>From ` …
        case mboxrd
        /// `>From ` only.
        case mboxo
    }

    /// The longest `From ` line.
    private static let longestLine = 1_000
    private static let from = Array("From ".utf8)

    private let quoting: Quoting
    /// Messages that have begun. 0 at the end of the file means that it is no mbox.
    package private(set) var messages = 0
    /// How many `>` the line begins with; the last of them is held back.
    private var quotes = 0
    /// Held back: what follows them, until it is clear what kind of line this is.
    private var held: [UInt8] = []
    private var isHolding = true
    /// Held back: the line end of an empty line.
    private var emptyLine: [UInt8] = []
    private var output: [UInt8] = []

    package init(quoting: Quoting = .mboxrd) { self.quoting = quoting }

    /// The next bytes of the file.
    package mutating func consume(_ bytes: [UInt8], _ handle: (Event) throws -> Void) rethrows {
        var index = 0
        while index < bytes.count {
            if isHolding {
                try hold(bytes[index], handle)
                index += 1
            } else {
                let feed = ByteSearch.firstIndex(of: 0x0a, in: bytes.span, from: index)
                let end = feed.map { $0 + 1 } ?? bytes.count
                if messages > 0 { output += bytes[index..<end] }
                isHolding = feed != nil
                index = end
            }
        }
        try flush(handle)
    }

    /// The file ends.
    package mutating func finish(_ handle: (Event) throws -> Void) rethrows {
        if quotes > 0 || !held.isEmpty { try release(handle) }
        try flush(handle)
        emptyLine = []
        if messages > 0 { try handle(.end) }
    }

    private mutating func flush(_ handle: (Event) throws -> Void) rethrows {
        guard !output.isEmpty else { return }
        try handle(.bytes(output))
        output.removeAll(keepingCapacity: true)
    }

    /// One byte at the beginning of a line; lets go what is held back as soon as it is clear what it is.
    private mutating func hold(_ byte: UInt8, _ handle: (Event) throws -> Void) rethrows {
        if held.isEmpty, byte == UInt8(ascii: ">") {
            if quotes > 0, messages > 0 { output.append(byte) }
            if quotes == 0 { releaseEmptyLine() }
            quotes += 1
            return
        }
        held.append(byte)
        let from = MboxReader.from
        let mayBeFrom = held.count < from.count ? held.elementsEqual(from.prefix(held.count)) : held.starts(with: from)
        let isUnclear =
            quotes > 0
            ? mayBeFrom && held.count < from.count
            : byte != 0x0a && (mayBeFrom && held.count < MboxReader.longestLine || held == [0x0d])
        if !isUnclear { try release(handle) }
    }

    private mutating func releaseEmptyLine() {
        if messages > 0 { output += emptyLine }
        emptyLine = []
    }

    /// What is held back is a whole line, or the beginning of one that needs no more looking at.
    private mutating func release(_ handle: (Event) throws -> Void) rethrows {
        let line = held
        let quotes = self.quotes
        held.removeAll(keepingCapacity: true)
        self.quotes = 0
        isHolding = line.last == 0x0a
        if quotes == 0, line == [0x0a] || line == [0x0d, 0x0a] {
            releaseEmptyLine()
            emptyLine = line
            return
        }
        if quotes == 0, let start = MboxReader.fromLine(line, isFirst: messages == 0) {
            emptyLine = []
            try flush(handle)
            if messages > 0 { try handle(.end) }
            messages += 1
            return try handle(start)
        }
        guard messages > 0 else { return }
        releaseEmptyLine()
        let isQuoted = line == MboxReader.from && (quotes == 1 || quoting == .mboxrd)
        if quotes > 0, !isQuoted { output.append(UInt8(ascii: ">")) }
        output += line
    }

    /// `From sender date`; the first of a file counts without a date too.
    private static func fromLine(_ line: [UInt8], isFirst: Bool) -> Event? {
        guard line.starts(with: from) else { return nil }
        let rest = line.dropFirst(from.count)
        let sender = rest.prefix { !StructuredLexer.isSpace($0) }
        let dateText = rest.dropFirst(sender.count)
        let date = dateText.contains(UInt8(ascii: ":")) ? MailDate(rfc5322: Array(dateText)) : nil
        guard date != nil || isFirst else { return nil }
        return .message(sender: String(decoding: sender, as: UTF8.self), date: date)
    }
}
