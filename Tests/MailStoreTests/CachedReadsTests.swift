// Brief reads on the caller's thread: what is in memory is answered there, what is not is left to a reader's thread.

import Dispatch
import Foundation
import GRDB
import Schema
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct CachedReadsTests {
    @Test("a brief read is done here once a reader has opened the file, and not before")
    func here() async throws {
        try await withFile { file, _ in
            let readers = Readers(path: file.path, count: 1, files: OpenFiles(of: file.path))
            defer { readers.close() }
            #expect(here(readers) == nil)
            await open(readers)
            // A busy system may say now and then that it would have to wait.
            try await waitUntil("a brief read is done here") { here(readers) == rows }
            let failed = readers.runHere { _ -> Int in throw StoreError.messageGone }.result
            #expect(throws: StoreError.messageGone) { try failed?.get() }
            try await waitUntil("a brief read is done here") { here(readers) == rows }
        }
    }

    @Test("what has to come from the disk is not waited for here, and is read all the same")
    func notFromTheDisk() async throws {
        try await withFile { file, forget in
            let readers = Readers(path: file.path, count: 1, files: OpenFiles(of: file.path))
            defer { readers.close() }
            await open(readers)
            guard forget(), !isInMemory(file.path) else {
                return print("skipped: this file system keeps what it has in memory")
            }
            #expect(here(readers, sum: true) == nil)
            #expect(!isInMemory(file.path), "the attempt has read from the disk")
            let read = try await file.read(isBrief: true) { try $0.sum() }
            #expect(read == sum)
            // The connection that had to give up is as good as before.
            try await waitUntil("a brief read is done here") { here(readers, sum: true) == sum }
        }
    }

    @Test("a job that is too much for here is done by a reader, from the start")
    func tooMuch() async throws {
        try await withFile { file, _ in
            _ = try await file.read { try $0.count() }
            let seen = try await file.read(isBrief: true) { db in
                var seen = 0
                try db.each("SELECT id FROM wide") { _ in
                    seen += 1
                    try CachedReads.bound(seen, to: 10)
                }
                return seen
            }
            #expect(seen == rows)
        }
    }

    @Test("what turns out to be too much leaves a reader to what is short, also where no connection is open yet")
    func tooMuchIsLong() async throws {
        try await withFile(readers: 4) { file, _ in
            let gate = DispatchSemaphore(value: 0)
            let running = Counter()
            let jobs = (0..<8).map { _ in
                Task {
                    try await file.read(isBrief: true) { db in
                        try CachedReads.bound(1, to: 0)
                        running.value.add(1, ordering: .relaxed)
                        gate.wait()
                        return try db.count()
                    }
                }
            }
            defer { for _ in jobs { gate.signal() } }
            try await waitUntil("all readers but one are taken") { running.value.load(ordering: .relaxed) == 3 }
            let seen = try await file.read { try $0.count() }
            #expect(seen == rows)
            #expect(running.value.load(ordering: .relaxed) == 3)
            for _ in jobs { gate.signal() }
            for job in jobs { #expect(try await job.value == rows) }
        }
    }

    @Test("a reader that is borrowed is not free: the jobs of others wait for it and are run")
    func borrowed() async throws {
        try await withFile { file, _ in
            let readers = Readers(path: file.path, count: 1, files: OpenFiles(of: file.path))
            defer { readers.close() }
            await open(readers)
            let (answers, answered) = AsyncStream<Int>.makeStream()
            let isRefused = readers.runHere { db in
                for number in 0..<3 { readers.submit { _ in { answered.yield(number) } } }
                return here(readers) == nil
            }.result
            #expect((try? isRefused?.get()) == true)
            var order: [Int] = []
            for await number in answers {
                order.append(number)
                if order.count == 3 { break }
            }
            #expect(order == [0, 1, 2])
        }
    }

    @Test("after the end nothing is read here")
    func closed() async throws {
        try await withFile { file, _ in
            let readers = Readers(path: file.path, count: 2, files: OpenFiles(of: file.path))
            await open(readers)
            readers.close()
            #expect(here(readers) == nil)
        }
    }

    // MARK: The file

    private let rows = 2_000
    private let sum = 2_000 * 2_000

    /// A file of some megabytes; `forget` asks the system to keep nothing of it in memory.
    private func withFile(
        readers: Int = 1, _ test: (DatabaseFile, _ forget: () -> Bool) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let step = SchemaStep(name: "wide", sql: "CREATE TABLE wide (id INTEGER PRIMARY KEY, data BLOB NOT NULL)")
        let file = try DatabaseFile(path: folder + "/file.db", steps: [step], readers: readers)
        defer { file.close() }
        try file.syncOnWriter { db in
            try db.inTransaction {
                for _ in 0..<rows { try db.run("INSERT INTO wide (data) VALUES (zeroblob(2000))") }
                return .commit
            }
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        }
        try await test(file) {
            // A process of its own: to close the file in this one would end the locks that SQLite has on it.
            let command = "sync '\(file.path)' && dd if='\(file.path)' iflag=nocache count=0 status=none"
            return system(command) == 0
        }
    }

    /// What a brief read gives; nil where it is not done, -1 where it fails.
    private func here(_ readers: Readers, sum: Bool = false) -> Int? {
        readers.runHere { try sum ? $0.sum() : $0.count() }.result.map { (try? $0.get()) ?? -1 }
    }

    private func open(_ readers: Readers) async {
        await withCheckedContinuation { continuation in
            readers.submit { _ in { continuation.resume() } }
        }
    }

    /// Whether the system has the middle of a file in memory.
    private func isInMemory(_ path: String) -> Bool {
        system("fincore -n -b -o RES '\(path)' | awk '{ exit $1 > 2000000 ? 0 : 1 }'") == 0
    }

    private func system(_ command: String) -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        guard (try? process.run()) != nil else { return -1 }
        process.waitUntilExit()
        return process.terminationStatus
    }
}

extension Database {
    fileprivate func count() throws -> Int { try first("SELECT count(*) FROM wide") { Int($0.int(0)) } ?? 0 }

    /// Reads every row.
    fileprivate func sum() throws -> Int {
        var sum = 0
        try each("SELECT data FROM wide") { row in sum += row.withBlob(0) { $0.count } }
        return sum
    }
}

private final class Counter: Sendable {
    let value = Atomic(0)
}

extension Readers.Attempt {
    /// nil where nothing was done.
    fileprivate var result: Result<T, any Error>? {
        if case .done(let result) = self { result } else { nil }
    }
}
