// The tree of parts while it grows: what headers, boundaries and the message's end do to it.
//
// Theory. `open` is the path from the message to the part that is being read; each of them still grows. `boundaries`
// are those of the open multiparts whose closing delimiter has not come yet, outermost first. Three events move it: a
// header ends (the part's kind is then known: a multipart adds its boundary, a message/rfc822 opens the message inside,
// anything else is a leaf), a boundary line comes (everything inside that multipart ends before it, and a new part
// begins after it or the multipart falls silent), and the message ends (everything ends). Parts are only ever added
// below an open part and after all others, so the tree is a tree in preorder by construction. Offsets are those of the
// stored bytes.

struct MessageStructure {
    /// A place in the message: its offset, and the line feeds before it.
    struct Mark {
        var offset = 0
        var lines = 0
    }

    private struct Boundary {
        var text: [UInt8]
        /// Index of its multipart in `open`.
        var level: Int
    }

    private let limits: MessageLimits
    private(set) var parts: [PartIndex.Part] = []
    private(set) var fields: [PartFields] = []
    private(set) var root: PartHeader
    private var open: [Int] = []
    private var headerMarks: [Mark] = []
    private var bodyMarks: [Mark] = []
    private var boundaries: [Boundary] = []
    private var header: [UInt8] = []
    /// How much of this header block, and of all that follow, may still be kept.
    private var headerRoom: Int
    private var allHeadersRoom: Int

    /// The header of the innermost open part is being read.
    private(set) var isInHeader = true
    var hasBoundaries: Bool { !boundaries.isEmpty }

    init(limits: MessageLimits) {
        self.limits = limits
        headerRoom = 0
        allHeadersRoom = max(0, limits.allHeaders)
        root = PartHeader([], isMessage: true, limits: limits)
        begin(parent: nil, at: Mark())
    }

    // MARK: Headers

    /// Bytes of the header that is being read.
    mutating func addHeader(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
        let end = min(end, start + headerRoom)
        header.append(contentsOf: bytes, from: start, to: end)
        headerRoom -= max(0, end - start)
    }

    /// A new part whose header begins at `mark`.
    private mutating func begin(parent: Int?, at mark: Mark) {
        let part = PartIndex.Part(
            kind: .text, parent: parent, headerStart: mark.offset, bodyStart: mark.offset, bodyEnd: mark.offset,
            headerLines: 0, bodyLines: 0, type: "text", subtype: "plain", encoding: .identity, charset: nil,
            fileName: nil, isAttachment: false)
        open.append(parts.count)
        parts.append(part)
        headerMarks.append(mark)
        bodyMarks.append(mark)
        header.removeAll(keepingCapacity: true)
        headerRoom = min(max(0, limits.headerBlock), allHeadersRoom)
        isInHeader = true
    }

    /// The header ends, and the body begins at `mark`.
    mutating func endHeader(at mark: Mark) {
        guard let index = open.last, isInHeader else { return }
        allHeadersRoom -= header.count
        isInHeader = false
        bodyMarks[index] = mark
        let parentKind = parts[index].parent.map { parts[$0].kind }
        let isMessage = parentKind == nil || parentKind == .message
        let block = PartHeader(header, isMessage: isMessage, limits: limits)
        let isInDigest = parts[index].parent.map { parts[$0].kind == .multipart && parts[$0].subtype == "digest" }
        let type = limited(block.contentType ?? (isInDigest == true ? .message : .plain))
        describe(index, block, type, mark)
        fields.append(PartFields(block, type, kind: parts[index].kind, isMessage: isMessage))
        if index == 0 { root = block }
        header.removeAll(keepingCapacity: true)
        switch parts[index].kind {
        case .multipart:
            if let boundary = type.boundary {
                boundaries.append(Boundary(text: Array(boundary.prefix(limits.boundary)), level: open.count - 1))
            }
        case .message: begin(parent: index, at: mark)
        case .text, .other: break
        }
    }

    /// A part that may not be opened any more is not what it says, but bytes.
    private func limited(_ type: ContentType) -> ContentType {
        guard PartIndex.Kind(type) == .multipart || PartIndex.Kind(type) == .message else { return type }
        return open.count < limits.depth && parts.count < limits.parts ? type : .unknown
    }

    private mutating func describe(_ index: Int, _ block: PartHeader, _ type: ContentType, _ mark: Mark) {
        parts[index].kind = PartIndex.Kind(type)
        parts[index].bodyStart = mark.offset
        parts[index].bodyEnd = mark.offset
        parts[index].headerLines = mark.lines - headerMarks[index].lines
        parts[index].type = type.typeName
        parts[index].subtype = type.subtypeName
        parts[index].encoding = block.encoding
        parts[index].charset = type.charset
        parts[index].fileName = block.fileName
        parts[index].isAttachment = block.disposition?.isAttachment == true
    }

    // MARK: Boundaries

    /// Which open multipart a line belongs to, and whether it ends it.
    struct Delimiter {
        fileprivate var place: Int
        fileprivate var closes: Bool
    }

    /// - Parameter line: the first bytes of a line, without its line end; `2 * limits.boundary` are always enough.
    /// - Returns: nil when it is no boundary line. It needs not match to its end (RFC 2046 §5.1.1), so the longest
    ///   boundary wins, and the innermost of equals.
    func delimiter(_ line: Span<UInt8>) -> Delimiter? {
        guard line.count >= 2, line[0] == UInt8(ascii: "-"), line[1] == UInt8(ascii: "-") else { return nil }
        var best: Int?
        var longest = 0
        var place = boundaries.count - 1
        while place >= 0 {
            let length = boundaries[place].text.count
            if length > longest, length <= line.count - 2, matches(boundaries[place].text, line) {
                best = place
                longest = length
            }
            place -= 1
        }
        guard let best else { return nil }
        let closes =
            line.count >= longest + 4 && line[longest + 2] == UInt8(ascii: "-")
            && line[longest + 3] == UInt8(ascii: "-")
        return Delimiter(place: best, closes: closes)
    }

    private func matches(_ text: [UInt8], _ line: Span<UInt8>) -> Bool {
        for index in text.indices where line[index + 2] != text[index] { return false }
        return true
    }

    /// - Parameters:
    ///   - end: where what came before ends: the line end before a boundary belongs to the boundary.
    ///   - next: after the boundary line.
    mutating func split(_ delimiter: Delimiter, end: Mark, next: Mark) {
        guard delimiter.place < boundaries.count else { return }
        let level = boundaries[delimiter.place].level
        close(downTo: level + 1, at: end)
        boundaries.removeSubrange((delimiter.place + (delimiter.closes ? 0 : 1))...)
        guard !delimiter.closes, level < open.count else { return }
        if parts.count < limits.parts {
            begin(parent: open[level], at: next)
        }
        // No boundary line may add a part any more: the rest is the last part's.
        if parts.count >= limits.parts { boundaries.removeAll() }
    }

    // MARK: Ends

    private mutating func close(downTo level: Int, at mark: Mark) {
        if isInHeader, open.count > level { closeHeader(at: mark) }
        // The empty line behind a header may be the line end that belongs to the boundary (RFC 2046 §5.1.1): the part
        // has a header alone. One right behind a boundary line ends where it begins, a line end later than those around
        // it.
        var innerEnd = 0
        if open.count > level, let index = open.last, parts[index].bodyStart > mark.offset {
            parts[index].bodyStart = max(parts[index].headerStart, mark.offset)
            parts[index].headerLines = max(0, mark.lines - headerMarks[index].lines)
        }
        while open.count > level, let index = open.popLast() {
            innerEnd = max(parts[index].bodyStart, mark.offset, innerEnd)
            parts[index].bodyEnd = innerEnd
            // What ends a line end later has that line end among its lines.
            let lines = innerEnd > mark.offset ? mark.lines + 1 : mark.lines
            parts[index].bodyLines = max(0, lines - bodyMarks[index].lines)
        }
    }

    /// The header ends without an empty line; what its type would open stays empty.
    private mutating func closeHeader(at mark: Mark) {
        while isInHeader, let index = open.last {
            let start = headerMarks[index]
            endHeader(at: Mark(offset: max(start.offset, mark.offset), lines: max(start.lines, mark.lines)))
        }
    }

    /// The message ends.
    mutating func finish(at mark: Mark) { close(downTo: 0, at: mark) }
}

extension PartIndex.Kind {
    init(_ type: ContentType) {
        switch type.typeName {
        case "text": self = .text
        case "multipart": self = .multipart
        case "message": self = type.subtypeName == "rfc822" ? .message : .other
        default: self = .other
        }
    }
}
