// Writes messages one after the other as an mbox file.

/// mboxrd (RFC 4155 with reversible quoting): line ends become LF, `From ` at the beginning of a line gets a `>`.
package struct MboxWriter: Sendable {
    private var lineStart: [UInt8] = []
    private var isAtLineStart = true
    private var isEmpty = true
    private var hasCR = false

    package init() {}

    /// The line that begins a message.
    /// - Parameter sender: the envelope sender; `MAILER-DAEMON` when it is nil or empty. White space becomes `-`.
    package mutating func begin(sender: String?, date: MailDate) -> [UInt8] {
        lineStart = []
        isAtLineStart = true
        isEmpty = true
        hasCR = false
        let name = sender.flatMap { $0.isEmpty ? nil : $0 } ?? "MAILER-DAEMON"
        let safe = name.unicodeScalars.prefix(320).map { $0.value <= 0x20 || $0.value == 0x7f ? "-" : String($0) }
        let utc = MailDate(secondsSince1970: date.secondsSince1970)
        return Array("From \(safe.joined()) \(utc.asctime)\n".utf8)
    }

    /// The next bytes of the message as the file holds them.
    package mutating func write(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for byte in bytes {
            if hasCR {
                hasCR = false
                if byte != 0x0a { append(0x0d, to: &output) }
            }
            if byte == 0x0d { hasCR = true } else { append(byte, to: &output) }
        }
        return output
    }

    /// The `>` that a quoted line needs may as well stand behind those it has.
    private mutating func append(_ byte: UInt8, to output: inout [UInt8]) {
        guard isAtLineStart, byte != UInt8(ascii: ">") || !lineStart.isEmpty else {
            output.append(byte)
            isAtLineStart = isAtLineStart || byte == 0x0a
            isEmpty = byte == 0x0a
            return
        }
        lineStart.append(byte)
        let from = Array("From ".utf8)
        guard lineStart.count == from.count || !lineStart.elementsEqual(from.prefix(lineStart.count)) else { return }
        if lineStart == from { output.append(UInt8(ascii: ">")) }
        output += lineStart
        isAtLineStart = byte == 0x0a
        isEmpty = isAtLineStart
        lineStart.removeAll(keepingCapacity: true)
    }

    /// What ends the message: the rest of its last line, and an empty line.
    package mutating func end() -> [UInt8] {
        var output: [UInt8] = []
        if hasCR { append(0x0d, to: &output) }
        output += lineStart
        if !isEmpty || !lineStart.isEmpty { output.append(0x0a) }
        return output + [0x0a]
    }
}

extension MailDate {
    /// `Wed Jul 17 09:44:25 1996`, in its own zone.
    var asctime: String {
        let fields = rfc5322.split(separator: " ")
        guard fields.count == 6 else { return rfc5322 }
        let day = fields[1].utf8.count < 2 ? " \(fields[1])" : String(fields[1])
        return "\(fields[0].dropLast()) \(fields[2]) \(day) \(fields[4]) \(fields[3])"
    }
}
