// Writes that wait to be encrypted, with small ones joined: every TLS record costs 22 bytes and some time.

internal import NIOCore

/// A first-in-first-out queue of writes, of which the front part is flushed.
struct PlaintextQueue {
    struct Write {
        var buffer: ByteBuffer
        var promise: EventLoopPromise<Void>?
    }

    /// A write up to this size is joined to the one before it, until together they fill a record.
    private static let smallWrite = 4096
    private static let recordSize = 16384

    private var writes = CircularBuffer<Write>()
    private var flushed = 0
    /// Bytes in the queue.
    private(set) var byteCount = 0

    var hasFlushed: Bool { flushed > 0 }

    mutating func append(_ buffer: ByteBuffer, promise: EventLoopPromise<Void>?) {
        byteCount += buffer.readableBytes
        if writes.count > flushed, let last = writes.last, buffer.readableBytes <= PlaintextQueue.smallWrite,
            last.buffer.readableBytes + buffer.readableBytes <= PlaintextQueue.recordSize
        {
            join(buffer, promise)
        } else {
            writes.append(Write(buffer: buffer, promise: promise))
        }
    }

    private mutating func join(_ buffer: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        // Taken out, so that the bytes are appended in place.
        guard var last = writes.popLast() else { return }
        last.buffer.writeImmutableBuffer(buffer)
        last.promise.join(promise)
        writes.append(last)
    }

    /// Everything in the queue may go.
    mutating func flush() { flushed = writes.count }

    /// Takes the first write, if it is flushed.
    mutating func popFlushed() -> Write? {
        guard flushed > 0, let write = writes.popFirst() else { return nil }
        flushed -= 1
        byteCount -= write.buffer.readableBytes
        return write
    }

    /// Empties the queue. The caller fails what it gets.
    mutating func removeAll() -> [EventLoopPromise<Void>] {
        let promises = writes.compactMap(\.promise)
        self = PlaintextQueue()
        return promises
    }
}

extension EventLoopPromise<Void>? {
    /// Makes `other` end as this one does; takes its place when there is none.
    mutating func join(_ other: EventLoopPromise<Void>?) {
        guard let other else { return }
        if let promise = self {
            promise.futureResult.cascade(to: other)
        } else {
            self = other
        }
    }
}
