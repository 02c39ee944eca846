// The wall around zlib: one direction of a raw DEFLATE stream (RFC 1951) each, in pieces of bounded size.

import CZlib
import Glibc
package import NIOCore

/// Compresses one direction of a connection.
///
/// A flushed stream stands at a byte's edge and refers to nothing before it from a new compressor; so one may be let go
/// after a flush and another go on in its place.
package final class Deflater {
    /// Fast, and at most a tenth larger than what the default level makes of IMAP's replies.
    private static let level: Int32 = 3
    /// A window of 16 KiB and tables to it: some 140 KiB in all.
    private static let windowBits: Int32 = -14
    private static let memoryLevel: Int32 = 7
    private static let pieceSize = 16 * 1_024

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    private let memory: DeflaterMemory

    /// nil without memory.
    package init?() {
        guard let memory = DeflaterMemory() else {
            stream.deallocate()
            return nil
        }
        self.memory = memory
        stream.initialize(to: z_stream())
        memory.serve(stream)
        let status = martlet_deflateInit2(stream, Deflater.level, Deflater.windowBits, Deflater.memoryLevel)
        guard status == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// Appends to `output`. With `flush` everything that was ever given is there then, to the last byte, however many
    /// rounds that takes: a rest that stays inside leaves the client waiting.
    /// - Returns: false when the stream is broken.
    package func compress(_ input: ByteBuffer, flush: Bool, into output: inout ByteBuffer) -> Bool {
        input.withUnsafeReadableBytes { bytes in
            guard let count = UInt32(exactly: bytes.count) else { return false }
            stream.pointee.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_in = count
            defer { stream.pointee.next_in = nil }
            repeat {
                guard step(flush ? Z_SYNC_FLUSH : Z_NO_FLUSH, &output) else { return false }
            } while stream.pointee.avail_out == 0
            return stream.pointee.avail_in == 0
        }
    }

    private func step(_ flush: Int32, _ output: inout ByteBuffer) -> Bool {
        var status = Z_OK
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: Deflater.pieceSize) { target in
            let room = min(target.count, Deflater.pieceSize)
            stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(truncatingIfNeeded: room)
            status = deflate(stream, flush)
            stream.pointee.next_out = nil
            return room - Int(stream.pointee.avail_out)
        }
        // Nothing was left to be flushed: no error.
        return status == Z_OK || status == Z_BUF_ERROR
    }
}

/// The memory of one compressor: pages of their own, which go back to the system with it. From the heap it would stay
/// with the process, in pieces, once for each connection that has ever been busy.
///
/// What zlib asks for is cut from the front, and nothing is taken back before the end.
private final class DeflaterMemory {
    /// What zlib wants, at its window and its level of memory, and room for a version that wants more; what is not
    /// touched costs nothing.
    private static let size = 256 * 1_024
    /// The first bytes hold how many are given out.
    private static let head = 64
    private let pages: UnsafeMutableRawPointer

    init?() {
        let pages = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let pages, pages != MAP_FAILED else { return nil }
        pages.storeBytes(of: Self.head, as: Int.self)
        self.pages = pages
    }

    deinit { munmap(pages, Self.size) }

    /// Lives longer than the stream's state.
    func serve(_ stream: UnsafeMutablePointer<z_stream>) {
        stream.pointee.opaque = pages
        stream.pointee.zalloc = { pages, items, size in
            guard let pages else { return nil }
            let (bytes, overflow) = Int(items).multipliedReportingOverflow(by: Int(size))
            let start = pages.load(as: Int.self)
            guard !overflow, bytes <= DeflaterMemory.size - start else { return nil }
            // The next one begins at a line of the processor's cache; that may be the end.
            pages.storeBytes(of: min(DeflaterMemory.size, (start + bytes + 63) & ~63), as: Int.self)
            return pages + start
        }
        stream.pointee.zfree = { _, _ in }
    }
}

/// Decompresses the other direction: at most 40 KiB of memory, whatever window the client chose.
package final class Inflater {
    package enum Outcome {
        /// The end of what is to be had now: the input is used up, or a flush of the peer's is reached.
        case paused
        /// `atMost` bytes are there, and more can be had.
        case full
        /// The peer ended its stream.
        case ended
        /// What came is no DEFLATE stream.
        case broken
    }

    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    /// nil without memory.
    package init?() {
        stream.initialize(to: z_stream())
        guard martlet_inflateInit2(stream, -MAX_WBITS) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Takes from `input` what it uses and appends to `output`, up to the next flush of the peer that brought
    /// something. What follows it is left alone: when the peer ended its compression there, it is plain text.
    package func decompress(_ input: inout ByteBuffer, atMost: Int, into output: inout ByteBuffer) -> Outcome {
        var outcome = Outcome.paused
        input.readWithUnsafeReadableBytes { bytes in
            let count = UInt32(clamping: bytes.count)
            stream.pointee.next_in = bytes.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_in = count
            outcome = fill(&output, atMost)
            stream.pointee.next_in = nil
            return Int(count - stream.pointee.avail_in)
        }
        return outcome
    }

    private func fill(_ output: inout ByteBuffer, _ atMost: Int) -> Outcome {
        var outcome = Outcome.paused
        output.writeWithUnsafeMutableBytes(minimumWritableBytes: atMost) { target in
            stream.pointee.next_out = target.bindMemory(to: UInt8.self).baseAddress
            stream.pointee.avail_out = UInt32(clamping: atMost)
            outcome = inflateBlocks(atMost)
            stream.pointee.next_out = nil
            return atMost - Int(stream.pointee.avail_out)
        }
        return outcome
    }

    private func inflateBlocks(_ atMost: Int) -> Outcome {
        while true {
            switch inflate(stream, Z_BLOCK) {
            case Z_OK: break
            case Z_BUF_ERROR: return stream.pointee.avail_out == 0 ? .full : .paused
            case Z_STREAM_END: return .ended
            default: return .broken
            }
            if stream.pointee.avail_out == 0 { return .full }
            if stream.pointee.avail_in == 0 { return .paused }
            let hasOutput = Int(stream.pointee.avail_out) < atMost
            if hasOutput, isAtEdge { return .paused }
        }
    }

    /// After a block that ends at a byte's edge, as a flush does.
    private var isAtEdge: Bool {
        let state = stream.pointee.data_type
        return state & 128 != 0 && state & 7 == 0
    }
}
