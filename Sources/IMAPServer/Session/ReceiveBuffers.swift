// The buffers that a connection reads into: as large as what comes, and gone when it has been read.
//
// A channel of NIO's keeps the buffers that it has read into for its next reads: up to four of 64 KiB, as long as the
// connection lasts, once a client has sent a large message. Whoever waits is to hold none of that. A pool of one buffer
// keeps the first that it was given, and no other when no size is promised for the next; so the first one is small.
//
// What a read brings is carried out before the event loop looks at its other sockets. So commands are read a few at a
// time, and a client that sends them without end waits for its turn like all others; messages come in large pieces.

import NIOCore
import Synchronization

/// Needs `maxMessagesPerRead` 1.
struct ReceiveBuffers: RecvByteBufferAllocator {
    /// Of the one buffer that is kept, in bytes: a LOGIN, an IDLE.
    static let first = 256
    static let smallest = 4_096
    static let largest = 128 * 1_024

    private let bound: ReadBound
    private var size = ReceiveBuffers.first
    private var wasSmall = false

    init(_ bound: ReadBound) { self.bound = bound }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: min(size, bound.bytes)) }

    func nextBufferSize() -> Int? { nil }

    /// Four times as large after a read that filled its buffer, a quarter after two that needed no more.
    mutating func record(actualReadBytes: Int) -> Bool {
        let isSmall = actualReadBytes <= size / 4
        if actualReadBytes >= size {
            size = min(size * 4, bound.bytes)
        } else if isSmall, wasSmall {
            size /= 4
        }
        size = max(size, ReceiveBuffers.smallest)
        wasSmall = isSmall
        // No buffer is used again.
        return true
    }
}

/// How much is read at a time, as the session decides: it is told by what the client is about.
final class ReadBound: Sendable {
    private let value = Atomic(ReceiveBuffers.smallest)

    var bytes: Int { value.load(ordering: .relaxed) }

    /// From APPEND on, until a command that is none.
    func set(forMessages: Bool) {
        value.store(forMessages ? ReceiveBuffers.largest : ReceiveBuffers.smallest, ordering: .relaxed)
    }
}
