// The header fields in which mbox programs keep a message's flags: taken out on the way in, written on the way out.
//
// Status, X-Status (mutt, Dovecot, UW), X-Keywords (Dovecot) and X-Mozilla-Status, X-Mozilla-Keys (Thunderbird)
// belong to the file, not to the message: the same message has others a week later, and a second import must know it
// again.

/// Streams one message of an mbox by: holds back its header (up to a bound), takes the fields of the file out of it and
/// reads the flags in them.
package struct MboxStatus: Sendable {
    /// A header longer than this goes through as it is.
    static let longestHeader = 1 << 20

    private static let fields: Set<String> = [
        "status", "x-status", "x-keywords", "x-uid", "x-imap", "x-imapbase", "x-mozilla-status", "x-mozilla-status2",
        "x-mozilla-keys",
    ]

    package private(set) var flags = Flags.none
    /// True for the record that UW programs keep as the first "message" of a file.
    package private(set) var isFolderData = false
    private var header: [UInt8] = []
    private var isInHeader = true

    package init() {}

    /// The next bytes of the message; gives those that belong to the message itself.
    package mutating func consume(_ bytes: [UInt8]) -> [UInt8] {
        guard isInHeader else { return bytes }
        let searchFrom = max(0, header.count - 3)
        header += bytes
        if let end = MboxStatus.headerEnd(in: header, from: searchFrom) { return release(upTo: end) }
        return header.count > MboxStatus.longestHeader ? release(upTo: header.count, filtered: false) : []
    }

    /// What is still held back, at the end of the message.
    package mutating func finish() -> [UInt8] { isInHeader ? release(upTo: header.count) : [] }

    private mutating func release(upTo end: Int, filtered: Bool = true) -> [UInt8] {
        let held = header
        isInHeader = false
        header = []
        return (filtered ? strip(held[..<end]) : Array(held[..<end])) + held[end...]
    }

    /// Past the empty line.
    private static func headerEnd(in bytes: [UInt8], from start: Int) -> Int? {
        if start == 0, bytes.first == 0x0a { return 1 }
        if start == 0, bytes.starts(with: [0x0d, 0x0a]) { return 2 }
        var index = start
        while let feed = bytes[index...].firstIndex(of: 0x0a) {
            if feed + 1 < bytes.count, bytes[feed + 1] == 0x0a { return feed + 2 }
            if feed + 2 < bytes.count, bytes[feed + 1] == 0x0d, bytes[feed + 2] == 0x0a { return feed + 3 }
            index = feed + 1
        }
        return nil
    }

    private mutating func strip(_ header: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(header.count)
        var start = header.startIndex
        while start < header.endIndex {
            var end = MboxStatus.lineEnd(in: header, from: start)
            while end < header.endIndex, header[end] == 0x20 || header[end] == 0x09 {
                end = MboxStatus.lineEnd(in: header, from: end)
            }
            if !take(header[start..<end]) { result += header[start..<end] }
            start = end
        }
        return result
    }

    private static func lineEnd(in bytes: ArraySlice<UInt8>, from start: Int) -> Int {
        bytes[start...].firstIndex(of: 0x0a).map { $0 + 1 } ?? bytes.endIndex
    }

    /// True when the field is one of the file's, whose flags are then noted.
    private mutating func take(_ field: ArraySlice<UInt8>) -> Bool {
        guard let colon = field.prefix(64).firstIndex(of: UInt8(ascii: ":")) else { return false }
        let name = String(decoding: field[..<colon], as: UTF8.self).asciiLowercased
        guard MboxStatus.fields.contains(name) else { return false }
        let value = String(decoding: field[(colon + 1)...], as: UTF8.self)
            .split { $0 == " " || $0 == "\t" || $0.isNewline }
        switch name {
        case "status", "x-status": for letter in value.joined() { note(letter) }
        case "x-keywords", "x-mozilla-keys": flags.keywords.formUnion(value.compactMap { Keyword(String($0)) })
        case "x-mozilla-status": noteMozilla(UInt16(value.first ?? "", radix: 16) ?? 0)
        case "x-imap": isFolderData = true
        default: break
        }
        return true
    }

    private mutating func note(_ letter: Character) {
        switch letter {
        case "R": flags.system.insert(.seen)
        case "A": flags.system.insert(.answered)
        case "F": flags.system.insert(.flagged)
        case "T": flags.system.insert(.draft)
        case "D": flags.system.insert(.deleted)
        default: break
        }
    }

    /// Thunderbird's bits; `expunged` is a message that awaits its compaction.
    private mutating func noteMozilla(_ bits: UInt16) {
        if bits & 0x0001 != 0 { flags.system.insert(.seen) }
        if bits & 0x0002 != 0 { flags.system.insert(.answered) }
        if bits & 0x0004 != 0 { flags.system.insert(.flagged) }
        if bits & 0x0008 != 0 { flags.system.insert(.deleted) }
        if bits & 0x1000 != 0, let forwarded = Keyword("$Forwarded") { flags.keywords.insert(forwarded) }
    }
}

extension MboxStatus {
    /// The fields that say `flags`, with LF line ends.
    package static func fields(for flags: Flags) -> [UInt8] {
        var text = "Status: \(flags.contains(.seen) ? "RO" : "O")\n"
        let letters: [(SystemFlags, String)] = [(.answered, "A"), (.deleted, "D"), (.flagged, "F"), (.draft, "T")]
        let xStatus = letters.filter { flags.contains($0.0) }.map(\.1).joined()
        if !xStatus.isEmpty { text += "X-Status: \(xStatus)\n" }
        if !flags.keywords.isEmpty {
            text += "X-Keywords: \(flags.keywords.sorted().map(\.name).joined(separator: " "))\n"
        }
        return Array(text.utf8)
    }

    /// `header` without the fields of a file, so that those a message brought along cannot pass for flags.
    package static func withoutFields(_ header: [UInt8]) -> [UInt8] {
        var status = MboxStatus()
        return status.strip(header[...])
    }
}
