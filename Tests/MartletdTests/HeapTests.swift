// What the heap gives back.

import Foundation
import Testing

@testable import martletd

@Suite struct HeapTests {
    /// Of the pages at these addresses, how many are in memory.
    private func resident(_ pages: [UInt]) -> Int {
        pages.count { page in
            var isThere: UInt8 = 0
            return mincore(UnsafeMutableRawPointer(bitPattern: page), 1, &isThere) == 0 && isThere & 1 == 1
        }
    }

    @Test("pages in the midst of an arena, in which nothing lies any more, go back to the system")
    func trims() throws {
        let (size, page) = (64 << 10, UInt(getpagesize()))
        let blocks = (0..<1_000).compactMap { _ in malloc(size) }
        #expect(blocks.count == 1_000)
        for block in blocks { memset(block, 1, size) }
        // One page out of the middle of each that is let go; each eighth stays, so that no arena shrinks.
        let kept = blocks.indices.filter { $0 % 8 == 0 }.map { blocks[$0] }
        let gone = blocks.indices.filter { $0 % 8 != 0 }.map { blocks[$0] }
        let pages = gone.map { (UInt(bitPattern: $0) + UInt(size / 2)) / page * page }
        #expect(resident(pages) == pages.count)
        for block in gone { free(block) }
        Heap.trim()
        // Others that allocate meanwhile may have got some of them.
        #expect(resident(pages) < pages.count / 2)
        for block in kept { free(block) }
    }
}
