// IMAP's commands, message sets, patterns of mailbox names and stored searches.

import IMAPSyntax
import Mail
import NIOCore

let commandTargets = [
    FuzzTarget("imap-command", "IMAP's command parser, before and after the login", longest: 2_048) { bytes in
        let result = parseCommand(ByteBuffer(bytes: bytes))
        try requireEqual(parseCommand(shifted(bytes)), result, "behind other bytes")
        let early = parseCommand(ByteBuffer(bytes: bytes), limits: .beforeAuthentication)
        if case .success = early { try requireEqual(early, result, "with more room") }
        switch result {
        case .failure(let bad):
            try require(bad.reason.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f }, "the reason \(bad.reason)")
            try require(bad.reason.utf8.count <= 200, "a reason of \(bad.reason.utf8.count) bytes")
            try require(bad.tag.map(isTag) ?? true, "the tag \(bad.tag ?? "")")
        case .success(let parsed):
            try require(isTag(parsed.tag), "the tag \(parsed.tag)")
            let head = parseCommandHead(ByteBuffer(bytes: bytes), limits: .standard)
            try requireEqual(head, .success(CommandHead(tag: parsed.tag, name: parsed.command.name)), "its head")
            try look(at: parsed.command)
        }
    },
    FuzzTarget("message-set", "message sets: what they name, and how they are written", longest: 1_024) { bytes in
        var line = ByteBuffer(string: "a UID STORE ")
        line.writeBytes(bytes)
        line.writeString(" FLAGS ()")
        guard case .success(let parsed) = parseCommand(line), case .store(let store) = parsed.command,
            case .uid(let set) = store.messages
        else { return }
        for last in [nil, UID(1), UID(1_000), UID(.max)] as [UID?] {
            let numbers = set.resolved(last: last)
            try look(at: numbers)
            try compare(numbers, with: set, last: last)
        }
    },
    FuzzTarget("mailbox-pattern", "LIST's patterns against a name", longest: 512, measuresGrowth: false) {
        comparePattern
    },
    FuzzTarget("filter", "searches that are stored as annotations", longest: 1_024) { bytes in
        let result = Filter.parse(bytes, limits: .standard)
        guard case .success(let key) = result else { return }
        var line = ByteBuffer(string: "a SEARCH CHARSET UTF-8 ")
        line.writeBytes(bytes)
        guard case .success(let parsed) = parseCommand(line), case .search(let search) = parsed.command else {
            throw Finding("no search, but a filter: \(key)")
        }
        try requireEqual(search.key, key, "as a command")
    },
]

/// The same bytes where a buffer that was read from has them.
private func shifted(_ bytes: [UInt8]) -> ByteBuffer {
    var buffer = ByteBuffer(string: "xyz")
    buffer.writeBytes(bytes)
    buffer.moveReaderIndex(forwardBy: 3)
    return buffer
}

private func isTag(_ tag: String) -> Bool {
    !tag.isEmpty && tag.utf8.count <= SyntaxLimits.standard.tagLength
        && tag.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && !"(){%*\"\\+".utf8.contains($0) }
}

/// What a session looks at when it carries a command out.
private func look(at command: Command) throws(Finding) {
    switch command {
    case .create(let create):
        for isUTF8 in [false, true] { try look(at: create.name(utf8Accepted: isUTF8)) }
    case .delete(let delete):
        for isUTF8 in [false, true] { try look(at: delete.mailbox.name(utf8Accepted: isUTF8)) }
    case .list(let list):
        for isUTF8 in [false, true] {
            for pattern in list.compiledPatterns(utf8Accepted: isUTF8) { _ = pattern.matches(.inbox) }
        }
    case .lsub(let lsub): _ = lsub.compiledPattern(utf8Accepted: true)?.matches(.inbox)
    default: break
    }
}

private func look(at result: Result<MailboxName, MailboxArgument.Invalid>) throws(Finding) {
    guard case .success(let name) = result else { return }
    try requireEqual(try? MailboxName(name.text), name, "the name of a name")
}

private func look(at numbers: UIDSet) throws(Finding) {
    var end: UInt32 = 0
    for (index, range) in numbers.ranges.enumerated() {
        try require(range.lowerBound > (index == 0 ? 0 : end &+ 1), "\(numbers.ranges) do not ascend")
        end = range.upperBound
    }
    guard !numbers.isEmpty else { return }
    var line = ByteBuffer(string: "a UID EXPUNGE \(numbers.wireForm)")
    guard case .success(let parsed) = parseCommand(line), case .expunge(let expunge) = parsed.command,
        case .uid(let again)? = expunge.uids
    else { throw Finding("cannot be read: \(line.readString(length: line.readableBytes) ?? "")") }
    try requireEqual(again.resolved(last: nil), numbers, "as written")
}

/// At the ends of each element, beside them, and their number.
private func compare(_ numbers: UIDSet, with set: MessageSet<UID>, last: UID?) throws(Finding) {
    let elements = set.elements.prefix(64).compactMap { element -> ClosedRange<UInt32>? in
        guard let first = value(element.first, last), let second = value(element.second, last) else { return nil }
        return min(first, second)...max(first, second)
    }
    for element in elements {
        for number in [element.lowerBound, element.upperBound] {
            try require(numbers.contains(rawValue: number), "\(number) is in \(set) and not in \(numbers.ranges)")
        }
        guard elements.count == set.elements.count else { continue }
        for number in [element.lowerBound &- 1, element.upperBound &+ 1] where number != 0 {
            let isNamed = elements.contains { $0.contains(number) }
            try requireEqual(numbers.contains(rawValue: number), isNamed, "\(number) of \(set)")
        }
    }
}

private func value(_ bound: MessageSetBound<UID>, _ last: UID?) -> UInt32? {
    switch bound {
    case .number(let number): number.rawValue
    case .last: last?.rawValue
    }
}

/// A name and a pattern, in lines of their own.
@Sendable private func comparePattern(_ bytes: [UInt8]) throws {
    let parts = bytes.split(separator: 0x0a, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
    guard parts.count == 2, let name = try? MailboxName(parts[0]), let pattern = MailboxPattern(parts[1])
    else { return }
    let expected = matches(Array(parts[1].normalizedToNFC.utf8), Array(name.text.utf8))
    try requireEqual(pattern.matches(name), expected, "\(parts[1].debugDescription) and \(name)")
}

/// Whether a pattern matches, by the rows of a table: for each beginning of the name, the beginnings of the pattern.
private func matches(_ pattern: [UInt8], _ name: [UInt8]) -> Bool {
    let caseless = name.starts(with: "INBOX".utf8) && (name.count == 5 || name[5] == UInt8(ascii: "/")) ? 5 : 0
    var row = [true] + [Bool](repeating: false, count: pattern.count)
    for (place, byte) in pattern.enumerated() { row[place + 1] = row[place] && isWildcard(byte) }
    for (offset, letter) in name.enumerated() {
        var next = [Bool](repeating: false, count: pattern.count + 1)
        for (place, byte) in pattern.enumerated() {
            if isWildcard(byte) {
                let mayStay = byte == UInt8(ascii: "*") || letter != UInt8(ascii: "/")
                next[place + 1] = next[place] || row[place + 1] && mayStay || row[place] && mayStay
            } else {
                let isSame = byte == letter || offset < caseless && byte.asciiUppercased == letter
                next[place + 1] = row[place] && isSame
            }
        }
        row = next
    }
    return row[pattern.count]
}

private func isWildcard(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "*") || byte == UInt8(ascii: "%") }
