// The text of a message as SEARCH looks at it and as the index takes it in: both by these functions and no others, so
// that the index misses nothing which a search would find.

package import Mail

/// The bounds of what is looked at.
package enum SearchTextLimits {
    /// Bytes of one part.
    package static let part = 16 * 1_024 * 1_024

    static func looked(_ range: Range<Int>) -> Range<Int> { range.prefix(part) }

    /// Folded text of one message that the index takes in; a message with more is looked at in every search. It bounds
    /// how long the account's other writers wait.
    static let indexed = 4 * 1_024 * 1_024
    /// Bytes of text as it was sent, all parts of a message together: one with more is not even read to be indexed,
    /// which bounds the memory that the background takes.
    static let encoded = 2 * indexed
    /// Of the index's format: texts that are found otherwise than before need a new number.
    static let format: Int64 = 1
}

extension AccountReader {
    /// Every field of the header as `Name: value`, decoded and folded, a line each.
    package func foldedHeader(of body: BodyID) throws -> [UInt8] {
        var folded: [UInt8] = []
        MessageText.forEachHeaderLine(try header(of: body)) { line in
            if !folded.isEmpty { folded.append(0x0a) }
            folded += CaseFolding.fold(line)
        }
        return folded
    }

    /// What BODY looks at, text after text, decoded and folded: text parts (HTML as its text), attached ones too,
    /// delivery reports and their like, and the headers of messages inside.
    /// - Parameters:
    ///   - skim: is given each part of text before it is decoded. What holds something ends the visit, and what holds
    ///     nothing is left out.
    ///   - visit: takes one text; false ends the visit.
    package func visitTexts(
        of body: BodyID, skim: (PartIndex.Part) throws -> SentTextSearch.Answer = { _ in .unknown },
        _ visit: ([UInt8]) throws -> Bool
    ) throws {
        let parts = try parts(of: body)
        for (index, part) in parts.parts.enumerated() {
            if index > 0, let parent = part.parent, parts.parts[parent].kind == .message {
                for line in MessageText.headerLines(try bytes(of: body, looked: part.header)) {
                    guard try visit(CaseFolding.fold(line)) else { return }
                }
            }
            guard part.holdsText else { continue }
            switch try skim(part) {
            case .found: return
            case .absent: continue
            case .unknown:
                let text = MessageText.foldedText(of: part, try bytes(of: body, looked: part.body))
                guard try visit(text) else { return }
            }
        }
    }

    /// What a part's bytes, as they were sent, say of whether its text holds a needle. No more of them is read than the
    /// answer takes.
    package func search(_ part: PartIndex.Part, of body: BodyID, for needle: SearchNeedle) throws
        -> SentTextSearch.Answer
    {
        let range = SearchTextLimits.looked(part.body)
        guard var search = SentTextSearch(for: needle, in: part, size: range.count) else { return .unknown }
        try pieces.forEach(of: body, in: range, self) { search.take($0, $1) }
        return search.answer
    }

    /// What TEXT looks at beside the header and what BODY looks at: the MIME headers of parts and their file names.
    package func visitPartHeaders(of body: BodyID, _ visit: ([UInt8]) throws -> Bool) throws {
        let parts = try parts(of: body)
        for part in parts.parts {
            guard let parent = part.parent, parts.parts[parent].kind == .multipart else { continue }
            if let name = part.fileName, try !visit(CaseFolding.fold(name)) { return }
            for line in MessageText.headerLines(try bytes(of: body, looked: part.header)) {
                guard try visit(CaseFolding.fold(line)) else { return }
            }
        }
    }

    private func bytes(of body: BodyID, looked range: Range<Int>) throws -> [UInt8] {
        try pieces.all(of: body, in: SearchTextLimits.looked(range), self)
    }

    /// Bytes of header and text as they were sent, of the message and all that is in it.
    func encodedTextSize(of body: BodyID) throws -> Int {
        try parts(of: body).parts.reduce(0) { $0 + $1.header.count + ($1.holdsText ? $1.body.count : 0) }
    }
}

extension PartIndex.Part {
    /// message/delivery-status and its like are made of lines of text too.
    fileprivate var holdsText: Bool { kind == .text || kind == .other && type == "message" }
}
