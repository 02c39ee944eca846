// zstd, one frame per chunk: the wall around libzstd.

import CZstd
import NIOCore
import Synchronization

/// Compresses and decompresses chunks, with contexts that are used again.
final class Compression: Sendable {
    /// Level 1: higher levels gained nothing on mail and cost twice (docs/architecture.md).
    static let level: Int32 = 1
    private static let keptContexts = 4

    private struct Contexts: Sendable {
        var compressing: [Context] = []
        var decompressing: [Context] = []
    }
    private let contexts = Mutex(Contexts())

    deinit {
        contexts.withLock { contexts in
            contexts.compressing.forEach { ZSTD_freeCCtx($0.pointer) }
            contexts.decompressing.forEach { ZSTD_freeDCtx($0.pointer) }
        }
    }

    /// The bytes as one frame, or nil when that would not be smaller.
    func compress(_ bytes: ArraySlice<UInt8>, level: Int32 = level) -> [UInt8]? {
        guard bytes.count >= 64, let context = takeCompressing() else { return nil }
        defer { give(compressing: context) }
        let bound = ZSTD_compressBound(bytes.count)
        let frame = [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            let size = bytes.withUnsafeBytes { source in
                ZSTD_compressCCtx(
                    context.pointer, target.baseAddress, bound, source.baseAddress, source.count, level)
            }
            count = ZSTD_isError(size) == 0 ? size : 0
        }
        guard !frame.isEmpty, frame.count < bytes.count else { return nil }
        // A copy of its own size: the frame's room is as large as what it compresses, and chunks wait in memory.
        var exact: [UInt8] = []
        exact.reserveCapacity(frame.count)
        exact.append(contentsOf: frame)
        return exact
    }

    /// Appends the frame's content, which must be exactly `size` bytes. False when the frame is damaged.
    func decompress(_ frame: UnsafeRawBufferPointer, size: Int, into buffer: inout ByteBuffer) -> Bool {
        guard let context = takeDecompressing() else { return false }
        defer { give(decompressing: context) }
        var isRight = false
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: size) { target in
            let count = ZSTD_decompressDCtx(context.pointer, target.baseAddress, size, frame.baseAddress, frame.count)
            isRight = ZSTD_isError(count) == 0 && count == size
            return isRight ? size : 0
        }
        return isRight
    }

    private func takeCompressing() -> Context? {
        contexts.withLock { $0.compressing.popLast() } ?? ZSTD_createCCtx().map { Context(pointer: $0) }
    }
    private func takeDecompressing() -> Context? {
        contexts.withLock { $0.decompressing.popLast() } ?? ZSTD_createDCtx().map { Context(pointer: $0) }
    }
    private func give(compressing context: Context) {
        let isKept = contexts.withLock { $0.compressing.keep(context, atMost: Self.keptContexts) }
        if !isKept { ZSTD_freeCCtx(context.pointer) }
    }
    private func give(decompressing context: Context) {
        let isKept = contexts.withLock { $0.decompressing.keep(context, atMost: Self.keptContexts) }
        if !isKept { ZSTD_freeDCtx(context.pointer) }
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
