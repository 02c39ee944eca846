// Writes mboxrd: `From ` lines between messages, `>` before lines that could be taken for one, flags in Status fields.

internal import Mail

struct MboxWriter: MessageWriter {
    private let file: NewFile
    private var text = MboxText()

    init(path: String) throws { file = try NewFile(path: path) }

    mutating func begin(flags: Flags, date: MailDate, header: [UInt8], size: Int) throws {
        text = MboxText()
        try file.write(Array("From MAILER-DAEMON \(MboxText.fromDate(date))\n".utf8))
        try file.write(text.convert(MboxText.withStatus(flags, header: header)))
    }

    mutating func write(_ bytes: [UInt8]) throws { try file.write(text.convert(bytes)) }

    mutating func end() throws { try file.write(text.finish()) }

    mutating func close() throws { try file.close() }
}

/// One message's bytes as an mbox holds them: LF line ends, `From ` lines quoted. Streams.
struct MboxText {
    private static let mark = Array("From ".utf8)

    private var isAtLineStart = true
    /// `>` and letters of `From ` that may turn out to be a line to quote, and a CR that may belong to an LF.
    private var held: [UInt8] = []
    private var endsWithFeed = false

    mutating func convert(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count + 16)
        for byte in bytes { take(byte, &result) }
        return result
    }

    /// What is still held back, the end of the last line, and the empty line that closes a message.
    mutating func finish() -> [UInt8] {
        var result = held
        held = []
        if let last = result.last { endsWithFeed = last == 0x0a }
        if !endsWithFeed { result.append(0x0a) }
        return result + [0x0a]
    }

    private mutating func take(_ byte: UInt8, _ result: inout [UInt8]) {
        if isAtLineStart {
            if holds(byte) { return }
            release(&result)
        }
        if held.first == 0x0d {
            if byte != 0x0a { result.append(0x0d) }
            held = []
        }
        if byte == 0x0d {
            held = [0x0d]
            endsWithFeed = false
            return
        }
        result.append(byte)
        endsWithFeed = byte == 0x0a
        isAtLineStart = endsWithFeed
    }

    /// True while the line may still be `>>From `; such a line gets its `>` here.
    private mutating func holds(_ byte: UInt8) -> Bool {
        let letters = held.drop { $0 == UInt8(ascii: ">") }
        if letters.isEmpty, byte == UInt8(ascii: ">"), held.count < 1_000 {
            held.append(byte)
            return true
        }
        guard letters.count < MboxText.mark.count, byte == MboxText.mark[letters.count] else { return false }
        held.append(byte)
        if letters.count + 1 == MboxText.mark.count {
            held.insert(UInt8(ascii: ">"), at: 0)
        }
        return true
    }

    private mutating func release(_ result: inout [UInt8]) {
        isAtLineStart = false
        result += held
        held = []
    }

    /// `Thu Jan  1 00:00:00 1970`, in UTC, as `From ` lines have it.
    static func fromDate(_ date: MailDate) -> String {
        // "Thu, 1 Jan 1970 00:00:00 +0000"
        let words = MailDate(secondsSince1970: date.secondsSince1970).rfc5322.split { $0 == " " || $0 == "," }
        guard words.count == 6 else { return "Thu Jan  1 00:00:00 1970" }
        let day = words[1].count == 1 ? " \(words[1])" : String(words[1])
        return "\(words[0]) \(words[2]) \(day) \(words[4]) \(words[3])"
    }

    /// The header (with its empty line) with Status fields for `flags` at its end, in place of any it brought along.
    static func withStatus(_ flags: Flags, header: [UInt8]) -> [UInt8] {
        var fields = MboxStatus.withoutFields(header)
        let empty: [UInt8] =
            fields.suffix(4) == [0x0d, 0x0a, 0x0d, 0x0a] || fields == [0x0d, 0x0a] ? [0x0d, 0x0a] : []
        fields.removeLast(empty.count)
        if let last = fields.last, last != 0x0a { fields += [0x0a] }
        // A message without a body gets its empty line, because the fields would run into the next message.
        return fields + MboxStatus.fields(for: flags) + [0x0a]
    }
}
