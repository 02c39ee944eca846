// The header fields that clients ask for when they list messages, taken out of a header once and kept together.
//
// Theory. A client that fills its list asks for a dozen fields of each message, always of the same three dozen names. A
// message's fields of those names, as they stand, lines and folds and all, are a small part of its header; `pack` puts
// them one behind the other, with a directory before them. What `HeaderFilter` finds in the header under some of those
// names is what `select` finds in the pack: both keep the header's order, and end with an empty line.
//
// Layout: the number of fields, a byte; for each its name's place in `names`, a byte, and its length, two bytes, the
// low one first; then the fields. The last field of a header may lack its line end; in the pack it has one.

package enum ListedFields {
    /// In lower case. A name is never taken out and none is put in between: packs that are stored say names by their
    /// places. At most 64.
    package static let names = [
        "date", "from", "to", "cc", "subject", "message-id", "references", "in-reply-to", "reply-to", "sender", "bcc",
        "content-type", "content-transfer-encoding", "content-disposition", "content-description", "mime-version",
        "newsgroups", "priority", "x-priority", "importance", "x-msmail-priority", "list-id", "list-post",
        "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-archive", "list-help", "precedence",
        "auto-submitted", "return-path", "delivered-to", "x-original-to", "disposition-notification-to",
        "mail-followup-to", "mail-reply-to", "user-agent", "x-mailer", "organization", "x-label", "x-spam-flag",
        "x-spam-status", "lines", "resent-date", "resent-from", "resent-to", "followup-to", "chat-version",
    ]

    /// A pack is no longer; a header that would need more has none.
    package static let longestPack = 8 * 1_024

    private static let places: [[UInt8]: Int] = Dictionary(
        uniqueKeysWithValues: names.enumerated().map { (Array($1.utf8), $0) })
    private static let longestName = names.map(\.utf8.count).max() ?? 0

    /// Some of the names, as a set.
    package struct Choice: Hashable, Sendable {
        fileprivate let bits: UInt64

        /// nil when a name is none of `names`: what it stands for is not in a pack. Any case.
        package init?(_ fields: [String]) {
            var bits: UInt64 = 0
            for field in fields {
                guard let place = places[Array(field.asciiLowercased.utf8)] else { return nil }
                bits |= 1 << UInt64(place)
            }
            self.bits = bits
        }

        fileprivate func contains(_ place: UInt8) -> Bool { place < 64 && bits & 1 << UInt64(place) != 0 }
    }

    /// The fields of a header block, with or without its empty line; nil when they are too many or too long.
    package static func pack(_ header: [UInt8]) -> [UInt8]? {
        var directory: [UInt8] = [0]
        var bytes: [UInt8] = []
        var ended = true
        for (place, field) in listed(header) {
            guard directory[0] < .max, field.count <= longestPack else { return nil }
            ended = header[field.upperBound - 1] == 0x0a
            let size = field.count + (ended ? 0 : 2)
            directory[0] += 1
            directory += [place, UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8)]
            bytes += header[field]
            guard directory.count + bytes.count <= longestPack - 2 else { return nil }
        }
        return directory + bytes + (ended ? [] : [0x0d, 0x0a])
    }

    /// The places of the listed fields' names, and where the fields lie. A line belongs to the field that
    /// `HeaderFilter` would count it to.
    private static func listed(_ header: [UInt8]) -> [(place: UInt8, field: Range<Int>)] {
        var found: [(place: UInt8, field: Range<Int>)] = []
        var isListed = false
        var start = 0
        while start < header.count {
            let end = ByteSearch.firstIndex(of: 0x0a, in: header.span, from: start).map { $0 + 1 } ?? header.count
            let line = header[start..<end]
            if HeaderFilter.isEmpty(line) { break }
            if header[start] != 0x20, header[start] != 0x09 {
                isListed = false
                if let name = HeaderFilter.name(of: line, atMost: longestName), let place = places[name] {
                    isListed = true
                    found.append((UInt8(truncatingIfNeeded: place), start..<end))
                }
            } else if isListed, let last = found.popLast() {
                found.append((last.place, last.field.lowerBound..<end))
            }
            start = end
        }
        return found
    }

    /// How many bytes the chosen fields have together, without the empty line; nil for what is no pack.
    /// - Parameter pack: where it lies in `bytes`.
    package static func size(of choice: Choice, in pack: Range<Int>, of bytes: [UInt8]) -> Int? {
        var size = 0
        let isRight = forEachRun(of: choice, in: pack, of: bytes) { size += $0.count }
        return isRight ? size : nil
    }

    /// Calls `body` with the places in `bytes` of the chosen fields, in order; neighbours come together.
    /// - Returns: false for what is no pack; `body` has been called with nothing beyond it.
    @inline(__always)
    package static func forEachRun(
        of choice: Choice, in pack: Range<Int>, of bytes: [UInt8], _ body: (Range<Int>) -> Void
    ) -> Bool {
        guard pack.lowerBound >= 0, pack.upperBound <= bytes.count, let first = bytes[pack].first else { return false }
        let directory = pack.lowerBound + 1
        var start = directory + 3 * Int(first)
        guard start <= pack.upperBound else { return false }
        var run = start..<start
        for entry in stride(from: directory, to: start, by: 3) {
            let end = start + Int(bytes[entry + 1]) + Int(bytes[entry + 2]) << 8
            guard end <= pack.upperBound else { return false }
            if choice.contains(bytes[entry]) {
                if run.upperBound != start {
                    if !run.isEmpty { body(run) }
                    run = start..<end
                } else {
                    run = run.lowerBound..<end
                }
            }
            start = end
        }
        if !run.isEmpty { body(run) }
        return start == pack.upperBound
    }
}
