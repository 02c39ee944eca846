// The sizes of the buffers that connections read into: they follow what comes, within bounds.

import NIOCore
import Testing

@testable import IMAPServer

@Suite struct ReceiveBuffersTests {
    private func bound(forMessages: Bool) -> ReadBound {
        let bound = ReadBound()
        bound.set(forMessages: forMessages)
        return bound
    }

    /// The sizes of the buffers for reads that bring so many bytes, and of the one after them.
    private func sizes(_ reads: [Int], forMessages: Bool = true) -> [Int] {
        var buffers = ReceiveBuffers(bound(forMessages: forMessages))
        var sizes: [Int] = []
        func next() -> Int { buffers.buffer(allocator: ByteBufferAllocator()).capacity }
        for read in reads {
            sizes.append(next())
            _ = buffers.record(actualReadBytes: read)
        }
        return sizes + [next()]
    }

    @Test func theFirstIsSmall() {
        #expect(sizes([]) == [ReceiveBuffers.first])
        #expect(sizes([10]) == [ReceiveBuffers.first, ReceiveBuffers.smallest])
    }

    @Test("full buffers are followed by larger ones, up to the largest")
    func growth() {
        let found = sizes([256, 4_096, 16_384, 65_536, 131_072, 131_072])
        #expect(found == [256, 4_096, 16_384, 65_536, 131_072, 131_072, 131_072])
        #expect(found.last == ReceiveBuffers.largest)
    }

    @Test("commands are read a few at a time, however many come, and also behind a message")
    func commands() {
        #expect(sizes([256, 4_096, 4_096, 4_096], forMessages: false) == [256, 4_096, 4_096, 4_096, 4_096])
        let bound = bound(forMessages: true)
        var buffers = ReceiveBuffers(bound)
        for read in [256, 4_096, 16_384] { _ = buffers.record(actualReadBytes: read) }
        #expect(buffers.buffer(allocator: ByteBufferAllocator()).capacity == 65_536)
        bound.set(forMessages: false)
        #expect(buffers.buffer(allocator: ByteBufferAllocator()).capacity == ReceiveBuffers.smallest)
    }

    @Test("one small read after large ones changes nothing, the second makes the buffer smaller, down to the smallest")
    func shrinking() {
        let large = [256, 4_096, 16_384, 65_536]
        #expect(sizes(large + [100]).suffix(2) == [131_072, 131_072])
        #expect(sizes(large + [100, 100, 100, 100]).suffix(4) == [131_072, 32_768, 8_192, 4_096])
        #expect(sizes(large + [100, 100_000, 100]).suffix(1) == [131_072])
        #expect(sizes(large + Array(repeating: 0, count: 50)).last == ReceiveBuffers.smallest)
    }

    @Test("whatever comes, no buffer is kept for the next read, and none is out of bounds")
    func bounds() {
        var buffers = ReceiveBuffers(bound(forMessages: true))
        for read in [0, 1, 255, 256, .max, 4_095, 65_536, 1, 1, .max, .max, .max, 0, 0, 0] {
            #expect(buffers.record(actualReadBytes: read) && buffers.nextBufferSize() == nil)
            let size = buffers.buffer(allocator: ByteBufferAllocator()).capacity
            #expect((ReceiveBuffers.smallest...ReceiveBuffers.largest).contains(size))
        }
    }
}
