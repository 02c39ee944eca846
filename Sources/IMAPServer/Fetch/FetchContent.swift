// What the sections of one message are: ranges of its stored bytes, chosen header fields, or nothing.

import IMAPSyntax
import Mail
import MailStore
import NIOCore

/// What a section of one message is; looks each thing up once.
struct FetchContent {
    enum Value {
        /// The message has no such part.
        case none
        /// Bytes of the message as stored.
        case stored(Range<Int>)
        /// Worked out.
        case bytes([UInt8])
    }

    let body: BodyID
    private let size: Int
    private var headerSize: Int?
    private var parts: PartIndex?
    private var header: [UInt8]?

    init(_ entry: MessageEntry) { self.init(body: entry.bodyID, size: Int(entry.size)) }

    init(body: BodyID, size: Int) {
        self.body = body
        self.size = size
    }

    mutating func value(of section: Section, _ reader: AccountReader) throws -> Value {
        if section.path.isEmpty { return try value(of: section.text, reader) }
        let parts = try self.parts ?? reader.parts(of: body)
        self.parts = parts
        guard let range = parts.range(of: section) else { return .none }
        switch section.text {
        case .headerFields(let fields): return .bytes(try filtered(range, fields, not: false, reader))
        case .headerFieldsNot(let fields): return .bytes(try filtered(range, fields, not: true, reader))
        case .header, .text, .mime, nil: return .stored(range)
        }
    }

    /// What BINARY[…] means; nil when the message has no such part (RFC 3516 §4.2). The whole message, multiparts and
    /// messages within the message have no transfer encoding of their own (RFC 2045 §6.4).
    mutating func encodedPart(at path: [UInt32], _ reader: AccountReader) throws -> EncodedPart? {
        if path.isEmpty { return EncodedPart(range: 0..<size, encoding: .identity) }
        let parts = try self.parts ?? reader.parts(of: body)
        self.parts = parts
        guard let index = parts.part(at: path) else { return nil }
        let part = parts.parts[index]
        let isComposite = part.kind == .multipart || part.kind == .message
        return EncodedPart(range: part.body, encoding: isComposite ? .identity : part.encoding)
    }

    /// Of the message itself, which needs no index of its parts.
    private mutating func value(of text: SectionText?, _ reader: AccountReader) throws -> Value {
        switch text {
        case nil: return .stored(0..<size)
        case .header: return .stored(0..<(try headerEnd(reader)))
        case .text: return .stored(try headerEnd(reader)..<size)
        case .mime: return .none
        case .headerFields(let fields):
            return .bytes(HeaderFilter.filter(try wholeHeader(reader), fields: fields, not: false))
        case .headerFieldsNot(let fields):
            return .bytes(HeaderFilter.filter(try wholeHeader(reader), fields: fields, not: true))
        }
    }

    private mutating func headerEnd(_ reader: AccountReader) throws -> Int {
        if let headerSize { return headerSize }
        let found = min(size, try reader.size(of: body).headerSize)
        headerSize = found
        return found
    }

    private mutating func wholeHeader(_ reader: AccountReader) throws -> [UInt8] {
        if let header { return header }
        let found = try reader.header(of: body)
        header = found
        return found
    }

    private func filtered(
        _ range: Range<Int>, _ fields: [String], not: Bool, _ reader: AccountReader
    ) throws -> [UInt8] {
        var bytes = ByteBuffer()
        try reader.bytes(of: body, range: range, into: &bytes)
        return HeaderFilter.filter(Array(bytes.readableBytesView), fields: fields, not: not)
    }
}

extension ByteBuffer {
    /// Puts 0x80 in place of each NUL from an index on: no literal may hold NUL (RFC 3501 §4.3), and the size stays.
    mutating func replaceNULs(from index: Int) {
        let start = index - readerIndex
        let found = nulOffsets(from: start)
        for offset in found { setInteger(UInt8(0x80), at: readerIndex + offset) }
    }

    private func nulOffsets(from start: Int) -> [Int] {
        let bytes = readableBytesUInt8Span
        var offsets: [Int] = []
        var next = ByteSearch.firstIndex(of: 0, in: bytes, from: start)
        while let offset = next {
            offsets.append(offset)
            next = ByteSearch.firstIndex(of: 0, in: bytes, from: offset + 1)
        }
        return offsets
    }
}
