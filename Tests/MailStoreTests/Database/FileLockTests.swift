// The lock between processes: one at a time, and nobody waits for ever for a process that was stopped.

import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct FileLockTests {
    private static let briefly = Duration.milliseconds(50)
    private static let long = Duration.seconds(60)

    private func withPath(_ test: (String) async throws -> Void) async throws {
        let path = FileManager.default.temporaryDirectory.path + "/martlet-lock-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await test(path)
    }

    @Test("case 173: who waits for a lock that is never let go of gives up, again and again")
    func givesUp() async throws {
        try await withPath { path in
            let (other, lock) = (try FileLock(path: path), try FileLock(path: path))
            #expect(other.hold())
            for _ in 1...3 {
                #expect(throws: StoreError.self) { try lock.withLock(within: Self.briefly) { Issue.record("it ran") } }
            }
            other.release()
            // What the last one gave up waiting for is nobody's when it comes.
            #expect(await other.hold(within: Self.long))
            other.release()
            #expect(try lock.withLock(within: Self.long) { other.hold() } == false)
            #expect(await other.hold(within: Self.long))
        }
    }

    @Test("who waits has the lock when it is let go of, also after others have given up")
    func isHandedOver() async throws {
        try await withPath { path in
            let (other, lock) = (try FileLock(path: path), try FileLock(path: path))
            #expect(other.hold())
            #expect(throws: StoreError.self) { try lock.withLock(within: Self.briefly) {} }
            let waiting = Task.detached { try lock.withLock(within: Self.long) { other.hold() } }
            other.release()
            #expect(try await waiting.value == false)
            #expect(await other.hold(within: Self.long))
        }
    }

    @Test("one at a time, whoever gives up meanwhile")
    func excludes() async throws {
        try await withPath { path in
            let inside = Atomic(0)
            let most = Atomic(0)
            let done = Atomic(0)
            let locks = try (0..<4).map { _ in try FileLock(path: path) }
            DispatchQueue.concurrentPerform(iterations: 400) { number in
                let patience = number % 3 == 0 ? Duration.microseconds(200) : Self.long
                try? locks[number % locks.count].withLock(within: patience) {
                    most.max(inside.add(1, ordering: .sequentiallyConsistent).newValue, ordering: .relaxed)
                    usleep(50)
                    inside.subtract(1, ordering: .sequentiallyConsistent)
                    done.add(1, ordering: .relaxed)
                }
            }
            #expect(most.load(ordering: .relaxed) == 1)
            #expect(done.load(ordering: .relaxed) >= 266)
            #expect(await locks[0].hold(within: Self.long))
        }
    }

    @Test("case 173: a write is refused while a stopped process has the file's lock, and done afterwards")
    func refusesWrites() async throws {
        try await withPath { path in
            defer { for suffix in ["-wal", "-shm", ".lock"] { unlink(path + suffix) } }
            let directory = try Directory(path: path, patience: Self.briefly)
            let other = try FileLock(path: path + ".lock")
            #expect(other.hold())
            await #expect(throws: StoreError.self) { try await directory.write { try $0.execute(sql: "SELECT 1") } }
            other.release()
            var isWritten = false
            for _ in 1...200 where !isWritten {
                isWritten = (try? await directory.write { try $0.execute(sql: "SELECT 1") }) != nil
            }
            #expect(isWritten)
            directory.file.close()
        }
    }
}
