// A message with NUL in it, made fit for literals that hold none: the parts that have NUL become base64.
//
// Theory. BODY[…] can show no NUL, so BODYSTRUCTURE must describe, and the store keep, an encoding that has none
// (RFC 3516 §6). Nothing is changed that need not be: a part without NUL stays as it was sent, and so does a NUL in a
// header or between parts, which no encoding reaches. The message is staged twice: first as it came, to find its parts,
// then with those parts rewritten.

import Mail
import NIOCore

extension StagedMessage {
    /// The parts to be encoded, in order: those that hold NUL and have no encoding yet.
    func partsWithNUL(_ compression: Compression) throws(StoreError) -> [PartIndex.Part] {
        var reader = StagedReader(self, compression)
        var found: [PartIndex.Part] = []
        for part in parsed.parts.parts {
            let isLeaf = part.kind == .text || part.kind == .other
            guard isLeaf, part.encoding == .identity, try reader.hasNUL(in: part.body) else { continue }
            found.append(part)
        }
        return found
    }

    /// Gives the message's bytes with `parts` in base64, piece by piece.
    func rewritten(
        _ parts: [PartIndex.Part], _ compression: Compression, to write: ([UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        var reader = StagedReader(self, compression)
        var position = 0
        for part in parts {
            try reader.forEach(in: position..<part.headerStart, write)
            var header: [UInt8] = []
            try reader.forEach(in: part.header) { (piece) throws(StoreError) in header += piece }
            try write(TransferHeader.base64(header, isMessage: part.parent == nil))
            var encoder = Base64Lines()
            try reader.forEach(in: part.body) { (piece) throws(StoreError) in
                var encoded: [UInt8] = []
                encoder.encode(piece[...], into: &encoded)
                try write(encoded)
            }
            var rest: [UInt8] = []
            encoder.finish(into: &rest)
            try write(rest)
            position = part.bodyEnd
        }
        try reader.forEach(in: position..<size, write)
    }
}

/// Reads a staged message's bytes; ranges that ascend are read fastest.
private struct StagedReader {
    private let message: StagedMessage
    private let compression: Compression
    private var chunk = 0
    /// Where the chunk begins in the message, and its bytes once they were needed.
    private var start = 0
    private var bytes: [UInt8]?

    init(_ message: StagedMessage, _ compression: Compression) {
        self.message = message
        self.compression = compression
    }

    mutating func hasNUL(in range: Range<Int>) throws(StoreError) -> Bool {
        var found = false
        try forEach(in: range) { (piece) throws(StoreError) in
            found = found || ByteSearch.firstIndex(of: 0, in: piece.span, from: 0) != nil
        }
        return found
    }

    mutating func forEach(
        in range: Range<Int>, _ body: ([UInt8]) throws(StoreError) -> Void
    ) throws(StoreError) {
        if range.lowerBound < start {
            chunk = 0
            start = 0
            bytes = nil
        }
        var position = range.lowerBound
        while position < range.upperBound, chunk < message.chunks.count {
            let size = message.chunks[chunk].size
            guard position < start + size else {
                chunk += 1
                start += size
                bytes = nil
                continue
            }
            let content: [UInt8]
            if let bytes { content = bytes } else { content = try self.content(of: message.chunks[chunk]) }
            bytes = content
            let end = min(range.upperBound, start + content.count)
            guard end > position else { throw .broken("a staged chunk is shorter than it says") }
            try body(Array(content[position - start..<end - start]))
            position = end
        }
    }

    private func content(of chunk: StoredChunk) throws(StoreError) -> [UInt8] {
        let stored: [UInt8]
        switch chunk.place {
        case .memory(let bytes): stored = bytes
        case .file(let file, let offset, let count): stored = try file.read(at: offset, count: count)
        }
        guard chunk.encoding == 1 else { return stored }
        guard let content = compression.decompress(stored, size: chunk.size) else {
            throw .broken("a staged chunk cannot be decompressed")
        }
        return content
    }
}
