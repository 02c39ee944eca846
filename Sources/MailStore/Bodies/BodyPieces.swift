// A message's bytes for somebody who goes through its parts: chunk after chunk, each in the place of the one before.
//
// Theory. Whoever looks into hundreds of messages would spend as long getting memory for their chunks as decompressing
// them. So a read job has one place, made when first needed, and what small parts lie in together is decompressed once.

import GRDB

/// Lives within a read job.
final class BodyPieces {
    /// What `bytes` holds: its beginning, of a chunk of a body.
    private var held: (body: BodyID, number: Int, range: Range<Int>)?
    private var bytes: [UInt8] = []
    /// The size of the first chunk of the body that was asked for last.
    private var first: (body: BodyID, size: Int)?

    /// Calls `take` with the bytes in a range, as far as they exist: an array, and where in it they lie. False ends it.
    func forEach(
        of body: BodyID, in range: Range<Int>, _ reader: AccountReader, _ take: ([UInt8], Range<Int>) throws -> Bool
    ) throws {
        guard !range.isEmpty else { return }
        var (number, start) = try chunk(of: body, at: range.lowerBound, reader)
        while start < range.upperBound {
            guard try hold(body, number, at: start, reader), let held else {
                if number == 0 { _ = try reader.size(of: body) }
                return
            }
            let wanted = range.clamped(to: held.range)
            guard try take(bytes, (wanted.lowerBound - start)..<(wanted.upperBound - start)) else { return }
            start = held.range.upperBound
            number += 1
        }
    }

    /// The bytes in a range, as far as they exist.
    func all(of body: BodyID, in range: Range<Int>, _ reader: AccountReader) throws -> [UInt8] {
        var all: [UInt8] = []
        try forEach(of: body, in: range, reader) { bytes, place in
            if all.isEmpty { all.reserveCapacity(max(place.count, min(range.count, SearchTextLimits.part))) }
            all += bytes[place]
            return true
        }
        return all
    }

    /// The chunk that a place lies in, and where it starts.
    private func chunk(of body: BodyID, at place: Int, _ reader: AccountReader) throws -> (number: Int, start: Int) {
        if let held, held.body == body, held.range.contains(place) { return (held.number, held.range.lowerBound) }
        guard place > 0 else { return (0, 0) }
        if first?.body != body { first = try reader.chunkSize(body, 0).map { (body, $0) } }
        guard let first, first.body == body, place >= first.size else { return (0, 0) }
        return ChunkLayout.chunk(at: place, behind: first.size)
    }

    /// Has that chunk in `bytes`.
    /// - Returns: false when there is no such chunk.
    private func hold(_ body: BodyID, _ number: Int, at start: Int, _ reader: AccountReader) throws -> Bool {
        if let held, held.body == body, held.number == number { return true }
        held = nil
        let size = try reader.withChunk(body, number) { size, isCompressed, data in
            size <= ChunkLayout.size && fill(size, data, isCompressed: isCompressed, reader)
        }
        guard let size else { return false }
        held = (body, number, start..<start + size)
        return true
    }

    private func fill(
        _ size: Int, _ data: UnsafeRawBufferPointer, isCompressed: Bool, _ reader: AccountReader
    ) -> Bool {
        if bytes.count < size { bytes = [UInt8](repeating: 0, count: min(ChunkLayout.size, max(2 * size, 16 * 1_024))) }
        return bytes.withUnsafeMutableBytes { target in
            let target = UnsafeMutableRawBufferPointer(rebasing: target[..<size])
            guard !isCompressed else { return reader.compression.decompress(data, into: target) }
            guard data.count == size else { return false }
            target.copyMemory(from: data)
            return true
        }
    }
}
