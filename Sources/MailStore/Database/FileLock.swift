// An advisory lock between processes: flock(2) on a file beside the one that it protects.
//
// Theory. flock(2) knows no time limit, and a process that was stopped (Ctrl-Z) may have the lock for ever. So who
// finds it taken lets a thread of the lock's own wait in flock(2), and waits for that thread, with a limit. States of
// the vigil: nobody waits -> the thread waits for somebody -> (that one gives up) the thread waits for nobody ->
// nobody. Who comes while the thread waits for nobody takes it over; when the lock comes for nobody, it is let go of.

import Dispatch
import Foundation
import Synchronization

/// One open lock file. The lock belongs to this object's descriptor: two objects exclude each other in one process too.
final class FileLock: Sendable {
    private struct Vigil {
        var isKept = false
        var waiter: DispatchSemaphore?
        /// errno of the flock(2) that ended the last one.
        var problem: Int32 = 0
    }
    let path: String
    private let descriptor: Int32
    /// flock(2) does not nest; this excludes this object's own threads.
    private let held = Mutex(())
    /// As long as it is kept, nobody else calls flock(2) on the descriptor.
    private let vigil = Mutex(Vigil())

    /// Opens or makes the file (0600), never through a symbolic link.
    init(path: String) throws(StoreError) {
        self.path = path
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .broken("cannot open the lock file \(path): \(lastSystemError())") }
    }

    deinit { close(descriptor) }

    /// Runs `work` with the lock held.
    /// - Parameter patience: how long it waits for another process or object that has the lock.
    /// - Throws: `.unavailable` when that one had it all the time; what `work` throws.
    func withLock<T>(within patience: Duration = DatabaseFile.patience, _ work: () throws -> T) throws -> T {
        try held.withLock { _ in
            try take(within: patience)
            defer { flock(descriptor, LOCK_UN) }
            return try work()
        }
    }

    private func take(within patience: Duration) throws(StoreError) {
        let waiter = DispatchSemaphore(value: 0)
        let (isTaken, isFirst) = vigil.withLock { vigil in
            if !vigil.isKept, flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return (true, false) }
            defer { vigil.isKept = true }
            vigil.waiter = waiter
            return (false, !vigil.isKept)
        }
        if isTaken { return }
        if isFirst { Thread.detachNewThread { [self] in keepVigil() } }
        _ = waiter.wait(timeout: .now() + patience / .seconds(1))
        let (gaveUp, problem) = vigil.withLock { vigil in
            defer { vigil.waiter = nil }
            return (vigil.waiter != nil, vigil.problem)
        }
        if gaveUp {
            throw .unavailable(
                "another process has had \(path) locked for \(patience); is there a martlet that was stopped (Ctrl-Z)?")
        }
        guard problem == 0 else { throw .unavailable("cannot lock \(path): \(String(cString: strerror(problem)))") }
    }

    private func keepVigil() {
        var problem: Int32 = 0
        while flock(descriptor, LOCK_EX) != 0 {
            problem = errno
            guard problem == EINTR else { break }
            problem = 0
        }
        vigil.withLock { vigil in
            vigil.isKept = false
            vigil.problem = problem
            if let waiter = vigil.waiter {
                vigil.waiter = nil
                waiter.signal()
            } else if problem == 0 {
                flock(descriptor, LOCK_UN)
            }
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
