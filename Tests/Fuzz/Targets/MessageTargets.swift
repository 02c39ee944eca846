// Whole messages: their parts, what clients are told of them, and their text.

import Mail

let messageTargets = [
    FuzzTarget("mime", "messages: parts, ENVELOPE, BODYSTRUCTURE, sections", longest: 8_192) { bytes in
        let whole = MessageParser.parse(bytes)
        try look(at: whole, of: bytes)
        for pieces in Pieces.ways(bytes) {
            var parser = MessageParser()
            for piece in pieces { parser.consume(piece) }
            try requireEqual(parser.finish(), whole, "in \(pieces.count) pieces")
        }
        if let first = bytes.first, first != 0x20, first != 0x09 {
            let line = Array("X-Fuzz: 1\r\n".utf8)
            if let under = whole.under(line) {
                try requireEqual(MessageParser.parse(line + bytes), under, "under another header line")
            }
        }
    },
    FuzzTarget("part-index", "the index of a message's parts, as a database holds it", longest: 512) { bytes in
        guard let index = PartIndex(encoded: bytes) else { return }
        try requireEqual(PartIndex(encoded: index.encoded), index, "encoded and decoded")
        for part in index.parts.indices {
            try require(index.children(of: part).allSatisfy { index.parts[$0].parent == part }, "children of \(part)")
        }
        for number in UInt32(0)...3 {
            _ = index.range(of: Section(path: [number, 1], text: .header))
            _ = index.range(of: Section(path: [1, number], text: .mime))
        }
    },
    FuzzTarget("message-text", "a message's text: search keys, previews", longest: 8_192) { bytes in
        let parts = MessageParser.parse(bytes).parts
        _ = MessageText.bodyTexts(parts: parts, message: bytes)
        for part in parts.parts where part.kind == .text {
            let body = Array(bytes[part.body])
            let folded = MessageText.foldedText(of: part, body)
            try requireEqual(folded, CaseFolding.fold(MessageText.text(of: part, body)), "folded \(part)")
            try search(part, body, folded)
        }
        let read = { (range: Range<Int>) -> [UInt8]? in Array(bytes[range.clamped(to: 0..<bytes.count)]) }
        let preview = MessagePreview.preview(of: parts, first: .max / 4, reading: read)
        for first in [16, 200] {
            let other = MessagePreview.preview(of: parts, first: first, reading: read)
            try requireEqual(other, preview, "with \(first) bytes first")
        }
        try require((preview ?? "").unicodeScalars.count <= MessagePreview.longest, "a preview too long")
        try require((preview ?? "").utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "a preview of several lines")
    },
    FuzzTarget("html", "HTML: its text", longest: 4_096) { bytes in
        let html = String(decoding: bytes, as: UTF8.self)
        let text = HTMLText.plain(html)
        // A tag is a space, a reference no longer than itself.
        try require(text.utf8.count <= html.utf8.count, "\(text.utf8.count) bytes of \(html.utf8.count)")
    },
]

private func look(at message: ParsedMessage, of bytes: [UInt8]) throws(Finding) {
    try requireEqual(message.size, bytes.count, "size")
    try requireEqual(message.parts.size, bytes.count, "size of the parts")
    try requireEqual(message.parts.parts[0].header, 0..<message.headerSize, "header")
    try requireEqual(PartIndex(encoded: message.parts.encoded), message.parts, "encoded and decoded")
    try WireForm.check(message.envelope, "ENVELOPE")
    try WireForm.check(message.bodyStructure, "BODYSTRUCTURE")
    let body = MessageParser.bodyWithoutExtensions(message.bodyStructure)
    try WireForm.check(body, "BODY")
    try require(body.count < message.bodyStructure.count, "BODY is not shorter")
    try require(message.parts.parts.count <= MessageLimits.default.parts, "\(message.parts.parts.count) parts")
    for part in message.parts.parts.prefix(20) {
        let (header, text) = (bytes[part.header], bytes[part.body])
        try requireEqual(header.count { $0 == 0x0a }, part.headerLines, "lines of the header at \(part.headerStart)")
        try requireEqual(text.count { $0 == 0x0a }, part.bodyLines, "lines of the body at \(part.bodyStart)")
    }
    let summary = MessageSummary(header: Array(bytes[message.parts.parts[0].header]))
    try requireEqual(summary, message.summary, "the summary of its header alone")
}

/// What is found in the bytes as they were sent must be in the text, and the other way round where it is certain.
private func search(_ part: PartIndex.Part, _ body: [UInt8], _ folded: [UInt8]) throws(Finding) {
    let sought = ["e", "he ", "=3d", "a b", "</", "1"] + [String(decoding: body.suffix(4), as: UTF8.self)]
    for text in sought {
        let needle = SearchNeedle(text)
        let isThere = needle.isFound(in: folded)
        try requireEqual(isThere, folded.contains(needle.key), "\(text.debugDescription) in \(folded)")
        for size in [body.count, 7] {
            guard var sent = SentTextSearch(for: needle, in: part, size: body.count) else { continue }
            var start = 0
            while start < body.count, sent.take(body, start..<min(body.count, start + max(1, size))) {
                start += max(1, size)
            }
            let answer = sent.answer
            guard start == 0 || start >= body.count || answer == .found else { continue }
            let isTrue = answer == .unknown || answer == (isThere ? .found : .absent)
            try require(isTrue, "\(text.debugDescription) in what was sent: \(answer)")
        }
    }
}

extension [UInt8] {
    /// The plain way.
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard let first = other.first else { return true }
        return indices.contains { self[$0] == first && self[$0...].starts(with: other) }
    }
}
