// Finding and copying bytes quickly: memory calls behind bounds that Swift checks.

import Glibc

package enum ByteSearch {
    /// The first place of `byte` at or after `start`; nil when there is none or `start` is out of bounds.
    /// - Parameter end: nothing is looked at from here on; nil for the end of the bytes.
    @inline(__always)
    package static func firstIndex(
        of byte: UInt8, in bytes: Span<UInt8>, from start: Int, to end: Int? = nil
    ) -> Int? {
        let end = min(end ?? bytes.count, bytes.count)
        guard start >= 0, start < end else { return nil }
        return bytes.withUnsafeBufferPointer { buffer -> Int? in
            guard let base = buffer.baseAddress,
                let found = memchr(base + start, Int32(byte), end - start)
            else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}

extension [UInt8] {
    /// The bytes from `start` up to `end` of a span; nothing when the bounds are wrong.
    mutating func append(contentsOf bytes: Span<UInt8>, from start: Int, to end: Int) {
        guard start >= 0, start < end, end <= bytes.count else { return }
        bytes.withUnsafeBufferPointer { append(contentsOf: $0[start..<end]) }
    }
}
