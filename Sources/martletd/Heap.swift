// glibc's heap, which left to itself keeps what it once had.
//
// Theory. Three things let it grow. It raises the bound from which on a block is a mapping of its own, to the largest
// block that ever was: a server that has once searched a message of 20 MB keeps its room. It gives up to eight arenas
// for each core to threads that meet, and what is free in one is of no use to another; with two for each core they meet
// hardly more often, since no more of them run at once. And of what is free in the midst of an arena nothing goes back
// unless it is asked for, which is done each minute; it takes some milliseconds, and less where little has become free.

import CMalloc
import NIOCore
import ServiceLifecycle

enum Heap {
    /// Blocks of this size and more, in bytes, go back to the system as soon as they are let go.
    static let returnedBlock: Int32 = 1 << 20

    /// To be called while there is one thread.
    static func configure() {
        mallopt(M_MMAP_THRESHOLD, returnedBlock)
        mallopt(M_TRIM_THRESHOLD, returnedBlock)
        mallopt(M_ARENA_MAX, Int32(clamping: 2 * System.coreCount))
    }

    /// Gives the pages back to the system that nothing lies in.
    static func trim() { malloc_trim(0) }
}

/// Trims the heap by the clock.
struct HeapTrimming: Service, CustomStringConvertible {
    static let interval = Duration.seconds(60)

    var description: String { "HeapTrimming" }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: Self.interval)) != nil { Heap.trim() }
        }
    }
}
