// One pass over a message that arrives in pieces: finds its parts, and builds ENVELOPE and BODYSTRUCTURE.
//
// Theory. The parser cuts the stream into lines (CRLF or bare LF) and keeps of an unfinished line only its first bytes,
// as many as a boundary line can need, so that a line of any length costs no memory. Lines of headers go to
// `MessageStructure`, which keeps them up to its limits; lines of bodies matter only when they may be boundary lines;
// where no boundary is open, line feeds are merely counted. Where the pieces are cut changes nothing.

/// Feed it the stored bytes of a message in pieces of any size, then call `finish()`. Linear in time; memory is bounded
/// by the limits, not by the message.
package struct MessageParser {
    private var structure: MessageStructure
    /// Bytes consumed before the piece at hand.
    private var offset = 0
    /// Line feeds so far.
    private var lines = 0
    /// Where the line begins that is not finished yet, and its first bytes.
    private var lineStart = 0
    private var linePrefix: [UInt8] = []
    private let longestPrefix: Int
    private var lastByte: UInt8 = 0
    /// Length of the line end before `lineStart`.
    private var lastLineEnd = 0

    package init(limits: MessageLimits = .default) {
        var limits = limits
        limits.boundary = max(1, min(limits.boundary, 1_000))
        limits.parts = max(1, limits.parts)
        structure = MessageStructure(limits: limits)
        longestPrefix = 2 * limits.boundary + 8
    }

    /// The next bytes.
    package mutating func consume(_ bytes: Span<UInt8>) {
        var index = 0
        while index < bytes.count {
            guard structure.isInHeader || structure.hasBoundaries else {
                countLines(bytes, from: index)
                break
            }
            guard let feed = ByteSearch.firstIndex(of: 0x0a, in: bytes, from: index) else {
                keepPartialLine(bytes, from: index)
                break
            }
            finishLine(bytes, from: index, feed: feed)
            index = feed + 1
        }
        if bytes.count > 0 { lastByte = bytes[bytes.count - 1] }
        offset += bytes.count
    }

    package mutating func consume(_ bytes: [UInt8]) { consume(bytes.span) }

    private mutating func countLines(_ bytes: Span<UInt8>, from start: Int) {
        for index in start..<bytes.count where bytes[index] == 0x0a { lines += 1 }
    }

    private mutating func keepPartialLine(_ bytes: Span<UInt8>, from start: Int) {
        if structure.isInHeader { structure.addHeader(bytes, start, bytes.count) }
        linePrefix.append(
            contentsOf: bytes, from: start, to: min(bytes.count, start + longestPrefix - linePrefix.count))
    }

    /// A line that ends with the line feed at `feed`, and of which `bytes` holds what comes from `start`.
    private mutating func finishLine(_ bytes: Span<UInt8>, from start: Int, feed: Int) {
        let end = offset + feed + 1
        let previous = feed > 0 ? bytes[feed - 1] : lastByte
        let lineEnd = previous == 0x0d && end - lineStart >= 2 ? 2 : 1
        lines += 1
        if linePrefix.isEmpty {
            let length = min(feed + 1 - lineEnd - start, longestPrefix)
            line(bytes.extracting(start..<(start + max(0, length))), bytes, start, feed + 1, end: end, lineEnd: lineEnd)
        } else {
            linePrefix.append(
                contentsOf: bytes, from: start, to: min(feed, start + longestPrefix - linePrefix.count))
            var prefix: [UInt8] = []
            swap(&prefix, &linePrefix)
            if prefix.count < longestPrefix, lineEnd == 2, prefix.last == 0x0d { prefix.removeLast() }
            line(prefix.span, bytes, start, feed + 1, end: end, lineEnd: lineEnd)
            prefix.removeAll(keepingCapacity: true)
            swap(&prefix, &linePrefix)
        }
        lineStart = end
        lastLineEnd = lineEnd
    }

    /// - Parameters:
    ///   - head: the first bytes of the line without its line end.
    ///   - bytes: what of the line has not been given to the structure yet, from `start` to `stop`.
    ///   - end: offset after the line.
    private mutating func line(
        _ head: Span<UInt8>, _ bytes: Span<UInt8>, _ start: Int, _ stop: Int, end: Int, lineEnd: Int
    ) {
        let next = MessageStructure.Mark(offset: end, lines: lines)
        if structure.hasBoundaries, let delimiter = structure.delimiter(head) {
            structure.split(delimiter, end: markBeforeLine(lines: lines - 1), next: next)
        } else if structure.isInHeader {
            structure.addHeader(bytes, start, stop)
            if end - lineStart == lineEnd { structure.endHeader(at: next) }
        }
    }

    /// The end of the line before, without its line end.
    private func markBeforeLine(lines: Int) -> MessageStructure.Mark {
        MessageStructure.Mark(offset: lineStart - lastLineEnd, lines: lines - (lastLineEnd > 0 ? 1 : 0))
    }

    /// What was found. The parser is then spent.
    package mutating func finish() -> ParsedMessage {
        let end = MessageStructure.Mark(offset: offset, lines: lines)
        if structure.hasBoundaries, !linePrefix.isEmpty, let delimiter = structure.delimiter(linePrefix.span) {
            structure.split(delimiter, end: markBeforeLine(lines: lines), next: end)
        }
        structure.finish(at: end)
        return result()
    }

    private func result() -> ParsedMessage {
        let envelope = structure.root.envelope
        let parts = PartIndex(parts: structure.parts) ?? PartIndex(headerSize: 0, size: offset)
        return ParsedMessage(
            size: offset, headerSize: parts.parts[0].bodyStart, parts: parts,
            envelope: structure.fields.first?.envelope ?? [],
            bodyStructure: BodyStructure.wireForm(structure.parts, structure.fields),
            messageID: envelope[.messageID].flatMap {
                (1...ParsedMessage.longestMessageID).contains($0.count) ? $0 : nil
            },
            sentDate: envelope[.date].flatMap { MailDate(rfc5322: $0) },
            subject: envelope.decodedSubject, summary: MessageSummary(envelope))
    }

    /// A whole message at once.
    package static func parse(_ message: [UInt8], limits: MessageLimits = .default) -> ParsedMessage {
        var parser = MessageParser(limits: limits)
        parser.consume(message)
        return parser.finish()
    }
}
