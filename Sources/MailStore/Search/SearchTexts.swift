// The text of a message as SEARCH looks at it and as the index takes it in: both by these functions and no others, so
// that the index misses nothing which a search would find.

package import Mail
import NIOCore

/// The bounds of what is looked at.
package enum SearchTextLimits {
    /// Bytes of one part.
    package static let part = 16 * 1_024 * 1_024
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
    ///   - skim: is given each part of text and its bytes before they are decoded; true ends the visit.
    ///   - visit: takes one text; false ends the visit.
    package func visitTexts(
        of body: BodyID, skim: (PartIndex.Part, [UInt8]) -> Bool = { _, _ in false }, _ visit: ([UInt8]) throws -> Bool
    ) throws {
        let parts = try parts(of: body)
        var window = ChunkWindow(body)
        for (index, part) in parts.parts.enumerated() {
            if index > 0, let parent = part.parent, parts.parts[parent].kind == .message {
                for line in MessageText.headerLines(try window.bytes(part.header, self)) {
                    guard try visit(CaseFolding.fold(line)) else { return }
                }
            }
            guard part.holdsText else { continue }
            let bytes = try window.bytes(part.body, self)
            guard !skim(part, bytes) else { return }
            let text = MessageText.text(of: part, bytes)
            guard try visit(CaseFolding.fold(text)) else { return }
        }
    }

    /// What TEXT looks at beside the header and what BODY looks at: the MIME headers of parts and their file names.
    package func visitPartHeaders(of body: BodyID, _ visit: ([UInt8]) throws -> Bool) throws {
        let parts = try parts(of: body)
        var window = ChunkWindow(body)
        for part in parts.parts {
            guard let parent = part.parent, parts.parts[parent].kind == .multipart else { continue }
            if let name = part.fileName, try !visit(CaseFolding.fold(name)) { return }
            for line in MessageText.headerLines(try window.bytes(part.header, self)) {
                guard try visit(CaseFolding.fold(line)) else { return }
            }
        }
    }

    /// Bytes of header and text as they were sent, of the message and all that is in it.
    func encodedTextSize(of body: BodyID) throws -> Int {
        try parts(of: body).parts.reduce(0) { $0 + $1.header.count + ($1.holdsText ? $1.body.count : 0) }
    }
}

/// A message's bytes for somebody who goes through its parts: what small parts lie in together is read once.
private struct ChunkWindow {
    /// Parts within so many bytes are read together with those around them.
    static let size = ChunkLayout.size

    private let body: BodyID
    private var start = 0
    private var held: [UInt8] = []

    init(_ body: BodyID) { self.body = body }

    /// The bytes of a part, `SearchTextLimits.part` of them at most; less when the message is shorter.
    mutating func bytes(_ range: Range<Int>, _ reader: AccountReader) throws -> [UInt8] {
        let wanted = range.lowerBound..<min(range.upperBound, range.lowerBound + SearchTextLimits.part)
        if let found = slice(wanted) { return found }
        let read = wanted.lowerBound..<max(wanted.upperBound, wanted.lowerBound + ChunkWindow.size)
        var buffer = ByteBufferAllocator().buffer(capacity: wanted.count)
        // To the end of the chunk that has the last byte: what is decompressed is kept for the next part.
        try reader.bytes(of: body, range: read, enough: wanted.count, into: &buffer)
        start = wanted.lowerBound
        held = Array(buffer.readableBytesView)
        return slice(wanted) ?? held
    }

    private func slice(_ wanted: Range<Int>) -> [UInt8]? {
        guard wanted.lowerBound >= start, wanted.upperBound <= start + held.count else { return nil }
        return Array(held[(wanted.lowerBound - start)..<(wanted.upperBound - start)])
    }
}

extension PartIndex.Part {
    /// message/delivery-status and its like are made of lines of text too.
    fileprivate var holdsText: Bool { kind == .text || kind == .other && type == "message" }
}
