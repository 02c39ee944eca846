// What an import reads beside the messages: the flags in an mbox's fields, names of files and folders in a Maildir.

import Mail

let importTargets = [
    FuzzTarget("mbox-status", "the fields in which mbox programs keep flags, in pieces", longest: 2_048) { bytes in
        let whole = passed([bytes])
        for pieces in Pieces.ways(bytes) {
            let other = passed(pieces)
            try requireEqual(other.bytes, whole.bytes, "in \(pieces.count) pieces")
            try requireEqual(other.status.flags, whole.status.flags, "flags, in \(pieces.count) pieces")
            try requireEqual(other.status.isFolderData, whole.status.isFolderData, "in \(pieces.count) pieces")
        }
        try require(whole.bytes.count <= bytes.count, "longer than it was")
        let written = MboxStatus.fields(for: whole.status.flags) + [0x0a]
        try requireEqual(passed([written]).status.flags, whole.status.flags, "flags that are written")
    },
    FuzzTarget("maildir", "names of files and folders in a Maildir, and its keywords", longest: 1_024) { bytes in
        let lines = bytes.split(separator: 0x0a, maxSplits: 1).map { String(decoding: $0, as: UTF8.self) }
        guard let name = lines.first else { return }
        let keywords = DovecotKeywords.parse(lines.count > 1 ? lines[1] : "")
        try require(keywords.keys.allSatisfy { (0x61...0x7a).contains($0) }, "letters \(keywords.keys.sorted())")
        try writeName(MaildirName(name, keywords: keywords))
        if let levels = MaildirFolder.levels(of: name) { try require(levels.count < name.utf8.count, "levels") }
        guard let mailbox = try? MailboxName(name), !mailbox.isInbox else { return }
        let levels = MaildirFolder.levels(of: MaildirFolder.directory(of: mailbox)) ?? []
        try requireEqual(levels.map { Array($0.utf8) }, mailbox.elements.map { Array($0.utf8) }, "folder of \(mailbox)")
    },
]

private func passed(_ pieces: [[UInt8]]) -> (bytes: [UInt8], status: MboxStatus) {
    var status = MboxStatus()
    var bytes: [UInt8] = []
    for piece in pieces { bytes += status.consume(piece) }
    bytes += status.finish()
    return (bytes, status)
}

private func writeName(_ name: MaildirName) throws(Finding) {
    var letters = DovecotKeywords()
    let own = MaildirName.letters(for: name.flags) { letters.letter(for: $0) }
    let date = MailDate(secondsSince1970: name.delivered ?? 0)
    let made = MaildirName.make(
        date: date, number: 1, process: 2, host: "h/:", fileSize: 3, size: 4, letters: own)
    let again = MaildirName(made, keywords: DovecotKeywords.parse(letters.text))
    try requireEqual(again.flags, name.flags, made)
    if date.secondsSince1970 >= 0 { try requireEqual(again.delivered, date.secondsSince1970, made) }
    try require(!made.contains("/"), made)
}
