// The chunks of messages on their way in: in memory while they are few, past that in a nameless file.

import Foundation
import Synchronization

/// A chunk as it will be stored.
struct StoredChunk: Sendable {
    enum Place: Sendable {
        case memory([UInt8])
        case file(SpoolFile, offset: Int, count: Int)
    }
    /// 0 as it is, 1 one zstd frame.
    let encoding: Int
    /// Decoded.
    let size: Int
    let place: Place
}

/// A file without a name in the data directory's `tmp/`: it is gone with its last user, also after a crash.
package final class SpoolFile: Sendable {
    /// O_TMPFILE, a macro that Swift does not import.
    private static let nameless = 0o20_000_000 | O_DIRECTORY
    private let descriptor: Int32

    /// Makes the file; blocks, as do `write` and `read`.
    package init(directory: String) throws(StoreError) {
        var opened = open(directory, Self.nameless | O_RDWR | O_CLOEXEC, 0o600)
        if opened < 0 {
            // A file system without O_TMPFILE.
            let path = "\(directory)/spool-\(UInt64.random(in: .min ... .max))"
            opened = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
            unlink(path)
        }
        guard opened >= 0 else { throw .unavailable("cannot make a spool file in \(directory): \(lastSystemError())") }
        descriptor = opened
    }

    deinit { close(descriptor) }

    package func write(_ bytes: [UInt8], at offset: Int) throws(StoreError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                pwrite(descriptor, all.baseAddress.map { $0 + done }, all.count - done, off_t(offset + done))
            }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .unavailable("cannot write to the spool file: \(lastSystemError())") }
            done += count
        }
    }

    /// Exactly `count` bytes.
    package func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        var done = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            while done < count {
                let got = pread(descriptor, target.baseAddress.map { $0 + done }, count - done, off_t(offset + done))
                if got < 0 && errno == EINTR { continue }
                guard got > 0 else { break }
                done += got
            }
            initialized = done
        }
        guard done == count else { throw .unavailable("the spool file ends early: \(lastSystemError())") }
        return bytes
    }
}

/// What the rooms of a store may hold in memory together, beside what each always may.
final class SpoolBudget: Sendable {
    /// 64 rooms at their smallest take as much again.
    static let limit = 32 * 1_024 * 1_024
    private let used = Mutex(0)

    /// - Returns: false when there is not so much left.
    func take(_ count: Int) -> Bool {
        used.withLock { used in
            guard used + count <= Self.limit else { return false }
            used += count
            return true
        }
    }

    func give(_ count: Int) { used.withLock { $0 -= count } }
}

/// Where chunks wait for the writer: a bounded room in memory, then one file. Messages that are appended together share
/// it. Chunks keep their room, and with it what it has taken of the store's budget.
package final class SpoolRoom: Sendable {
    /// What may be held in memory always, and what may be while the store has some to spare.
    static let memoryLimit = 512 * 1_024
    static let mostMemory = 8 * 1_024 * 1_024

    private struct State {
        var inMemory = 0
        /// Of those, from the budget.
        var borrowed = 0
        var file: SpoolFile?
        var inFile = 0
    }
    private let directory: String
    private let budget: SpoolBudget
    private let state = Mutex(State())

    init(directory: String, budget: SpoolBudget) {
        self.directory = directory
        self.budget = budget
    }

    deinit {
        let borrowed = state.withLock(\.borrowed)
        if borrowed > 0 { budget.give(borrowed) }
    }

    /// Takes one chunk; blocks when it goes to the file.
    func place(_ bytes: [UInt8]) throws(StoreError) -> StoredChunk.Place {
        try state.withLock { state throws(StoreError) -> StoredChunk.Place in
            if state.file == nil, hold(bytes.count, &state) { return .memory(bytes) }
            let file: SpoolFile
            if let known = state.file { file = known } else { file = try SpoolFile(directory: directory) }
            state.file = file
            try file.write(bytes, at: state.inFile)
            defer { state.inFile += bytes.count }
            return .file(file, offset: state.inFile, count: bytes.count)
        }
    }

    private func hold(_ count: Int, _ state: inout State) -> Bool {
        if state.inMemory + count > Self.memoryLimit {
            guard state.inMemory + count <= Self.mostMemory, budget.take(count) else { return false }
            state.borrowed += count
        }
        state.inMemory += count
        return true
    }
}
