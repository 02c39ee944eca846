// A log that nobody lets begin anew, because there is always somebody who reads.

import Foundation
import GRDB
import Schema
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct LogBoundTests {
    private static let bound: Int64 = 1 << 20

    /// What readers and writer tell each other.
    private final class Relay: Sendable {
        let begun = Atomic(0)
        let isOver = Atomic(false)
    }

    /// The longest that the log became while 16 MiB were written, among readers of whom one always begins before
    /// another ends.
    private func longest(isBounded: Bool) async throws -> Int64 {
        try await TemporaryStore.with { temporary in
            let path = temporary.path + "/log.db"
            let file = try DatabaseFile(path: path, steps: SchemaScripts.directory, readers: 3, logBound: Self.bound)
            defer { file.close() }
            func length() throws -> Int64 {
                try #require(FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int64)
            }
            let relay = Relay()
            return try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<3 {
                    group.addTask {
                        while !relay.isOver.load(ordering: .relaxed) {
                            try await file.read { db in
                                _ = try db.setting("hostname")
                                let mine = relay.begun.add(1, ordering: .relaxed).newValue
                                while relay.begun.load(ordering: .relaxed) < mine + 2 {
                                    if relay.isOver.load(ordering: .relaxed) { break }
                                    usleep(500)
                                }
                            }
                        }
                    }
                }
                try await waitUntil("readers") { relay.begun.load(ordering: .relaxed) > 5 }
                var longest: Int64 = 0
                for number in 0..<64 {
                    try file.syncOnWriter { db in
                        try file.withWriteLock {
                            try db.set("big \(number % 4)", String(repeating: "\(number % 10)", count: 256 << 10))
                        }
                        if isBounded { file.boundLog(db) }
                    }
                    longest = max(longest, try length())
                }
                relay.isOver.store(true, ordering: .relaxed)
                try await group.waitForAll()
                return longest
            }
        }
    }

    @Test("case 172: among readers that overlap without end the log begins anew, and without that it would not")
    func overlapping() async throws {
        let unbounded = try await longest(isBounded: false)
        #expect(unbounded > 16 << 20, "\(unbounded)")
        let bounded = try await longest(isBounded: true)
        #expect(bounded < 8 << 20, "\(bounded)")
    }

    @Test("case 172: one who reads for long holds nobody up for long, and when he ends the log begins anew")
    func oneLong() async throws {
        try await TemporaryStore.with { temporary in
            let path = temporary.path + "/log.db"
            let file = try DatabaseFile(path: path, steps: SchemaScripts.directory, readers: 2, logBound: Self.bound)
            defer { file.close() }
            func write(_ number: Int) throws -> Int64 {
                try file.syncOnWriter { db in
                    try file.withWriteLock { try db.set("big", String(repeating: "\(number % 10)", count: 256 << 10)) }
                    file.boundLog(db)
                }
                return try #require(FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int64)
            }
            let relay = Relay()
            async let read: Void = file.read { db in
                _ = try db.setting("hostname")
                relay.begun.add(1, ordering: .relaxed)
                while !relay.isOver.load(ordering: .relaxed) { usleep(1_000) }
            }
            try await waitUntil("the reader") { relay.begun.load(ordering: .relaxed) == 1 }
            var length: Int64 = 0
            for number in 0..<12 { length = try write(number) }
            #expect(length > 2 << 20)
            relay.isOver.store(true, ordering: .relaxed)
            try await read
            for number in 0..<8 { length = try write(number) }
            #expect(length < 2 << 20)
        }
    }
}
