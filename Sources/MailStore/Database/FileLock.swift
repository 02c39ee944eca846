// An advisory lock between processes: flock(2) on a file beside the one that it protects.

import Foundation
import Synchronization

/// One open lock file. The lock belongs to this object's descriptor: two objects exclude each other in one process too.
final class FileLock: Sendable {
    let path: String
    private let descriptor: Int32
    /// flock(2) does not nest; this excludes this object's own threads.
    private let held = Mutex(())

    /// Opens or makes the file (0600), never through a symbolic link.
    init(path: String) throws(StoreError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .broken("cannot open the lock file \(path): \(lastSystemError())") }
    }

    deinit { close(descriptor) }

    /// Runs `work` with the lock held; waits for it as long as it takes.
    func withLock<T>(_ work: () throws -> T) throws -> T {
        try held.withLock { _ in
            while flock(descriptor, LOCK_EX) != 0 {
                guard errno == EINTR else { throw StoreError.unavailable("cannot lock \(path): \(lastSystemError())") }
            }
            defer { flock(descriptor, LOCK_UN) }
            return try work()
        }
    }

    /// Takes the lock until `release` or this object's end. False when another process or object has it.
    func hold() -> Bool { flock(descriptor, LOCK_EX | LOCK_NB) == 0 }

    /// As `hold`, trying for a while: a process that was killed a moment ago may not have let go of it yet.
    func hold(within time: Duration) async -> Bool {
        let end = ContinuousClock.now + time
        while !hold() {
            guard ContinuousClock.now < end else { return false }
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
        }
        return true
    }

    /// What stands in the file, up to a length. With the lock held.
    func bytes(count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let read = pread(descriptor, &bytes, count, 0)
        return Array(bytes.prefix(max(0, read)))
    }

    /// Writes over what stands in the file, or empties it. With the lock held.
    func write(_ bytes: [UInt8]) {
        _ = bytes.isEmpty ? Int(ftruncate(descriptor, 0)) : pwrite(descriptor, bytes, bytes.count, 0)
    }

    /// Ends `hold`.
    func release() { flock(descriptor, LOCK_UN) }
}

/// errno's text.
func lastSystemError() -> String { String(cString: strerror(errno)) }
