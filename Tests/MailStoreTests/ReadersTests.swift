// Read jobs: all of them run, each in one state of the file, some at the same time; after the end they are turned away.

import Dispatch
import GRDB
import Mail
import NIOCore
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct ReadersTests {
    @Test func moreJobsThanReadersAllRun() async throws {
        try await TemporaryStore.with(options: options(readers: 2)) { temporary in
            let account = try await temporary.account()
            let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<200 {
                    group.addTask { try await account.read { _ in number } }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(numbers == Set(0..<200))
        }
    }

    @Test func jobsRunAtTheSameTime() async throws {
        try await TemporaryStore.with(options: options(readers: 2)) { temporary in
            let account = try await temporary.account()
            let (arrivals, arrived) = AsyncStream<Void>.makeStream()
            let gate = BlockingGate()
            async let first = account.read { _ in
                arrived.yield()
                gate.wait()
            }
            for await _ in arrivals { break }
            // The first job stands still on its thread: this one is answered by the other reader.
            try await account.read { _ in }
            gate.open()
            try await first
        }
    }

    @Test("long jobs, however many, leave a reader to the short ones", arguments: [2, 3])
    func longJobsLeaveAReader(readers: Int) async throws {
        try await TemporaryStore.with(options: options(readers: readers)) { temporary in
            let account = try await temporary.account()
            let (arrivals, arrived) = AsyncStream<Void>.makeStream()
            let gate = BlockingGate()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await account.read(isLong: true) { _ in
                            arrived.yield()
                            gate.wait()
                        }
                    }
                }
                var running = 0
                for await _ in arrivals {
                    running += 1
                    if running == readers - 1 { break }
                }
                // As many stand still as may: these are answered by the reader that is left.
                for _ in 0..<20 { try await account.read { _ in } }
                for _ in 0..<10 { gate.open() }
                try await group.waitForAll()
            }
            #expect(try await account.read(isLong: true) { _ in 1 } == 1)
        }
    }

    @Test("what is read ahead of need leaves a reader to the others, and is answered when asked for", arguments: [1, 3])
    func readAhead(readers: Int) async throws {
        try await TemporaryStore.with(options: options(readers: readers)) { temporary in
            let account = try await temporary.account()
            let gate = BlockingGate()
            let first = account.startRead { _ in gate.wait() }
            let ahead = (0..<5).map { number in account.startRead(onlyIfSpare: true) { _ in number } }
            // The first of them has a reader, unless it would be the last; that one answers this.
            #expect((ahead[0] == nil) == (readers == 1))
            if readers > 1 { #expect(try await account.read { _ in 1 } == 1) }
            for (number, pending) in ahead.enumerated() {
                if let pending { #expect(try await pending.value() == number) }
            }
            gate.open()
            try await first?.value()
            let failing = account.startRead { _ -> Int in throw StoreError.messageGone }
            await #expect(throws: StoreError.messageGone) { _ = try await failing?.value() }
        }
    }

    @Test("with one reader long jobs run too, in their turn")
    func oneReader() async throws {
        try await TemporaryStore.with(options: options(readers: 1)) { temporary in
            let account = try await temporary.account()
            let numbers = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask { try await account.read(isLong: number % 3 > 0) { _ in number } }
                }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(numbers == Set(0..<100))
        }
    }

    @Test func aJobSeesOneStateOfTheFile() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let (arrivals, arrived) = AsyncStream<Void>.makeStream()
            let gate = BlockingGate()
            async let counts = account.read { reader in
                let before = try reader.db.first("SELECT count(*) FROM message") { $0.int(0) }
                arrived.yield()
                gate.wait()
                return [before, try reader.db.first("SELECT count(*) FROM message") { $0.int(0) }]
            }
            for await _ in arrivals { break }
            _ = try await account.append([try await temporary.message("Subject: x\r\n\r\nx\r\n")], to: .inbox)
            gate.open()
            #expect(try await counts == [0, 0])
            #expect(try await account.read { try $0.db.first("SELECT count(*) FROM message") { $0.int(0) } } == 1)
        }
    }

    @Test func aJobThatThrowsLeavesTheReaderUsable() async throws {
        try await TemporaryStore.with(options: options(readers: 1)) { temporary in
            let account = try await temporary.account()
            for _ in 0..<3 {
                await #expect(throws: StoreError.messageGone) {
                    try await account.read { _ in throw StoreError.messageGone }
                }
            }
            #expect(try await account.read { _ in 1 } == 1)
        }
    }

    @Test func readersCannotWrite() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            await #expect(throws: StoreError.self) {
                try await account.read { try $0.db.run("DELETE FROM mailbox") }
            }
        }
    }

    @Test func closedFileTurnsJobsAway() async throws {
        try await TemporaryStore.with { temporary in
            let path = temporary.path + "/other.db"
            let file = try DatabaseFile(path: path, steps: SchemaScripts.account, readers: 2)
            #expect(try await file.read { _ in 1 } == 1)
            file.close()
            await #expect(throws: StoreError.self) { try await file.read { _ in 1 } }
        }
    }

    @Test("pieces of a long body end where chunks end, and together are the body")
    func piecesEndWithChunks() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            let whole = Array(("Subject: x\r\n\r\n" + String(repeating: "0123456789abcdef", count: 60_000)).utf8)
            _ = try await account.append(
                [try await temporary.message(String(decoding: whole, as: UTF8.self))], to: .inbox)
            let body = try await account.view(of: .inbox).current[0].bodyID
            let pieces = try await account.read { reader in
                var pieces: [[UInt8]] = []
                var start = 0
                while start < whole.count {
                    var buffer = ByteBuffer()
                    let count = try reader.bytes(of: body, range: start..<whole.count, enough: 100_000, into: &buffer)
                    guard count > 0, count == buffer.readableBytes else { break }
                    pieces.append(Array(buffer.readableBytesView))
                    start += count
                }
                return pieces
            }
            #expect(pieces.flatMap { $0 } == whole)
            #expect(pieces.map(\.count).dropLast() == [14 + ChunkLayout.size, ChunkLayout.size, ChunkLayout.size])
        }
    }

    private func options(readers: Int) -> Store.Options {
        var options = Store.Options()
        options.readersPerAccount = readers
        return options
    }
}

/// Lets a thread stand still until it is opened, or for a minute: a test that failed does not open it any more.
private final class BlockingGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() { _ = semaphore.wait(timeout: .now() + 60) }
    func open() { semaphore.signal() }
}
