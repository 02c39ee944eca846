// Sort keys and threads for messages from before they were kept: a few at a time, until none is left.

import GRDB
import Mail
import Synchronization

extension AccountStore {
    /// Bodies of one step: it holds up the account's other writers for some milliseconds.
    private static let stepSize = 200

    /// Returns when every message has its sort keys and thread id: at once, but for an older account's file.
    package func completeThreads() async throws(StoreError) {
        while try await completeSomeThreads() {}
    }

    /// - Returns: false when nothing is left to do.
    func completeSomeThreads() async throws(StoreError) -> Bool {
        // It is the account's own housekeeping, whoever waits for it.
        guard ownersHandle === self else { return try await ownersHandle.completeSomeThreads() }
        guard !areThreadsComplete.withLock({ $0 }) else { return false }
        let compression = compression
        let isDone = try await file.read { try $0.keysToFill() == nil }
        if !isDone {
            try await write { operation in
                try operation.fillSummaries(AccountReader(db: operation.db, compression: compression), Self.stepSize)
            }
        }
        if isDone { areThreadsComplete.withLock { $0 = true } }
        return !isDone
    }
}

extension Database {
    /// The bodies that may lack their keys; nil when there are none.
    fileprivate func keysToFill() throws -> ClosedRange<Int64>? {
        try first("SELECT keys_from, keys_until FROM search_state WHERE keys_from <= keys_until AND keys_until > 0") {
            $0.int(0)...$0.int(1)
        }
    }
}

extension Database {
    /// Whether every body has its sort keys and its thread.
    func areSummariesComplete() throws -> Bool { try keysToFill() == nil }
}

extension WriteOperation {
    /// In the order of their ids, so that older messages begin the threads. A body that cannot be read gets the keys of
    /// an empty message; `check` tells of it.
    fileprivate mutating func fillSummaries(_ reader: AccountReader, _ limit: Int) throws {
        guard let range = try db.keysToFill() else { return }
        var found: [BodyID] = []
        try db.each(
            """
            SELECT id FROM body WHERE id BETWEEN ? AND ?
            AND NOT EXISTS (SELECT 1 FROM thread_member WHERE body_id = body.id) ORDER BY id LIMIT ?
            """, .int(range.lowerBound), .int(range.upperBound), .int(limit)
        ) { found.append(BodyID(rawValue: $0.int(0))) }
        for body in found {
            let summary = (try? reader.summary(of: body)) ?? MessageSummary(header: [])
            try insertSummary(summary, of: body)
        }
        let next = found.count == limit ? (found.last?.rawValue ?? range.upperBound) + 1 : range.upperBound + 1
        try db.run("UPDATE search_state SET keys_from = ? WHERE id = 1", .int(next))
    }
}
