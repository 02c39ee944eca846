// zstd, one frame per chunk: the wall around libzstd.
//
// Each frame carries a checksum of its content (xxHash, four bytes): a bit that a disk has turned is an error, not
// other text. SQLite keeps none of its pages.

import CZstd
import NIOCore
import Synchronization

/// Compresses and decompresses chunks, with contexts that are used again.
final class Compression: Sendable {
    /// Level 1: higher levels gained nothing on mail and cost twice (docs/architecture.md).
    static let level: Int32 = 1
    private static let keptContexts = 4

    private struct Contexts: Sendable {
        var compressing: [Compressor] = []
        var decompressing: [Context] = []
    }
    private let contexts = Mutex(Contexts())

    deinit {
        contexts.withLock { contexts in
            contexts.compressing = []
            contexts.decompressing.forEach { ZSTD_freeDCtx($0.pointer) }
        }
    }

    /// The bytes as one frame, which is smaller or some bytes longer; nil for few bytes, which are kept as they are.
    func compress(_ bytes: ArraySlice<UInt8>, level: Int32 = level) -> [UInt8]? {
        guard bytes.count >= 64, let context = takeCompressing() else { return nil }
        defer { give(compressing: context) }
        // Into room that is used again: what is kept has its own size, since chunks wait in memory.
        guard let room = context.room(ZSTD_compressBound(bytes.count)) else { return nil }
        let size = bytes.withUnsafeBytes { source in
            ZSTD_CCtx_setParameter(context.pointer, ZSTD_c_compressionLevel, level)
            return ZSTD_compress2(
                context.pointer, room.baseAddress, room.count, source.baseAddress, source.count)
        }
        guard ZSTD_isError(size) == 0, size > 0 else { return nil }
        return Array(room[..<size])
    }

    /// Appends the frame's content, which must be exactly `size` bytes. False when the frame is damaged.
    func decompress(_ frame: UnsafeRawBufferPointer, size: Int, into buffer: inout ByteBuffer) -> Bool {
        var isRight = false
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            isRight = decompress(frame, into: UnsafeMutableRawBufferPointer(rebasing: target[..<size]))
            return isRight ? size : 0
        }
        return isRight
    }

    /// Writes the frame's content, which must fill the target exactly. False when the frame is damaged.
    func decompress(_ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        guard let context = takeDecompressing() else { return false }
        defer { give(decompressing: context) }
        let count = ZSTD_decompressDCtx(
            context.pointer, target.baseAddress, target.count, frame.baseAddress, frame.count)
        return ZSTD_isError(count) == 0 && count == target.count
    }

    /// The frame's content, which must be exactly `size` bytes; nil when the frame is damaged.
    func decompress(_ frame: UnsafeRawBufferPointer, size: Int) -> [UInt8]? {
        var isRight = false
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { target, count in
            let target = UnsafeMutableRawBufferPointer(target)
            isRight = decompress(frame, into: UnsafeMutableRawBufferPointer(rebasing: target[..<size]))
            count = isRight ? size : 0
        }
        return isRight ? bytes : nil
    }

    func decompress(_ frame: [UInt8], size: Int) -> [UInt8]? {
        frame.withUnsafeBytes { decompress($0, size: size) }
    }

    private func takeCompressing() -> Compressor? {
        contexts.withLock { $0.compressing.popLast() } ?? ZSTD_createCCtx().map { Compressor(pointer: $0) }
    }
    private func takeDecompressing() -> Context? {
        contexts.withLock { $0.decompressing.popLast() } ?? ZSTD_createDCtx().map { Context(pointer: $0) }
    }
    private func give(compressing context: Compressor) {
        contexts.withLock { contexts in
            if contexts.compressing.count < Self.keptContexts { contexts.compressing.append(context) }
        }
    }
    private func give(decompressing context: Context) {
        let isKept = contexts.withLock { $0.decompressing.keep(context, atMost: Self.keptContexts) }
        if !isKept { ZSTD_freeDCtx(context.pointer) }
    }
}

/// A zstd context that compresses, with room for one frame. It has one owner at a time, the list or the call that took
/// it.
private final class Compressor: @unchecked Sendable {
    let pointer: OpaquePointer
    private var frame: UnsafeMutableRawBufferPointer?

    init(pointer: OpaquePointer) {
        self.pointer = pointer
        ZSTD_CCtx_setParameter(pointer, ZSTD_c_checksumFlag, 1)
    }

    deinit {
        ZSTD_freeCCtx(pointer)
        frame?.deallocate()
    }

    /// Room of at least so many bytes; nil for none.
    func room(_ count: Int) -> UnsafeMutableRawBufferPointer? {
        if let frame, frame.count >= count { return frame }
        frame?.deallocate()
        frame = .allocate(byteCount: max(count, 64 * 1_024), alignment: 16)
        return frame
    }
}

/// A zstd context: it has one owner at a time, the list or the call that took it.
private struct Context: @unchecked Sendable { let pointer: OpaquePointer }

extension [Context] {
    fileprivate mutating func keep(_ context: Context, atMost limit: Int) -> Bool {
        guard count < limit else { return false }
        append(context)
        return true
    }
}
