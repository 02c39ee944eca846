// The serial writer with group commit.
//
// Operations that wait are executed in one transaction, each in its own savepoint, and answered after the one COMMIT.
// States: idle (nothing waits, nothing runs) -> `perform` enqueues and schedules -> draining (on the file's writer
// thread, in batches) -> idle when nothing waits.
// Invariants:
// - An operation's answer is given after the COMMIT that made it durable, and after `committed` has told the views.
// - An operation that throws is rolled back to its savepoint and disturbs no other of its batch; alone in its batch it
//   is the transaction that is rolled back.
// - When COMMIT fails, every operation of the batch fails and nothing of it was told to anybody. What it had written is
//   then written over before anything else is done: to SQLite it is not there, but where it was the synchronisation
//   that failed, it lies in the log whole, and whoever reads the log after a crash would find what was refused.

import GRDB
import Synchronization

/// What a batch does beside the rows that it writes: of the writer's thread only, from `began` to `committed`.
///
/// An object, so that operations add to it in place: a mark holds no copy of what the batch has done so far, which
/// would make each operation copy all of it.
protocol WriteEffects: AnyObject {
    associatedtype Mark
    /// Before each operation: what `undo` needs if it fails.
    func mark() -> Mark
    /// Takes back what came after the mark.
    func undo(to mark: Mark)
}

/// What a file's owner does around the transactions of its writer. Called on the writer's thread.
protocol WriterDelegate: AnyObject, Sendable {
    associatedtype Effects: WriteEffects
    /// Before the first operation of a batch, inside the transaction. `external` is true when another process may have
    /// committed since the last batch that succeeded.
    func began(_ db: Database, external: Bool) throws -> Effects
    /// After the COMMIT, before the operations are answered.
    func committed(_ effects: Effects)
}

/// Serialises the write operations on one file.
final class Writer<Delegate: WriterDelegate>: Sendable {
    /// Bounds how long the first of a batch waits for the last.
    static var largestBatch: Int { 512 }

    private struct Operation: Sendable {
        let run: @Sendable (Database, Delegate.Effects) throws -> (@Sendable () -> Void)
        let fail: @Sendable (StoreError) -> Void
    }
    private struct State {
        var waiting: [Operation] = []
        var isDraining = false
        var lastDataVersion: Int64?
        /// A batch failed after it had learnt of another process's commits, or may have.
        var mustReload = false
        /// A COMMIT failed, and what it has left in the log was not written over.
        var hasLeftovers = false
    }
    private let state = Mutex(State())
    private let file: DatabaseFile
    private let delegate: Delegate

    init(file: DatabaseFile, delegate: Delegate) {
        self.file = file
        self.delegate = delegate
    }

    /// Runs `work` in a write transaction. Returns after the COMMIT, throws when nothing of it was done.
    func perform<T: Sendable>(
        _ work: @escaping @Sendable (Database, Delegate.Effects) throws -> T
    ) async throws(StoreError) -> T {
        let result: Result<T, StoreError> = await withCheckedContinuation { continuation in
            submit(work) { continuation.resume(returning: $0) }
        }
        return try result.get()
    }

    /// Runs each of `work` as an operation of its own, one behind the other and in one transaction as far as a batch
    /// reaches. Returns when all are answered: what one of them throws is its own result.
    func perform<T: Sendable>(
        each work: [@Sendable (Database, Delegate.Effects) throws -> T]
    ) async -> [Result<T, StoreError>] {
        guard !work.isEmpty else { return [] }
        return await withCheckedContinuation { continuation in
            let answers = Answers<T>(count: work.count) { continuation.resume(returning: $0) }
            enqueue(
                work.enumerated().map { place, work in
                    Operation(
                        run: { db, effects in
                            let value = try work(db, effects)
                            return { answers.put(.success(value), at: place) }
                        },
                        fail: { answers.put(.failure($0), at: place) })
                })
        }
    }

    /// Runs `work` in a write transaction and calls `answer` after the COMMIT, on the writer's thread.
    func submit<T: Sendable>(
        _ work: @escaping @Sendable (Database, Delegate.Effects) throws -> T,
        answer: @escaping @Sendable (Result<T, StoreError>) -> Void
    ) {
        enqueue([
            Operation(
                run: { db, effects in
                    let value = try work(db, effects)
                    return { answer(.success(value)) }
                },
                fail: { answer(.failure($0)) })
        ])
    }

    /// Runs an empty batch when another process has committed, so that the delegate learns of it.
    func lookForExternalCommits() {
        file.onWriter { [self] db in
            guard let version = try? db.dataVersion() else { return }
            let isDue = state.withLock { $0.lastDataVersion != version || $0.hasLeftovers }
            if isDue { drain(db, evenIfIdle: true) }
        }
    }

    private func enqueue(_ operations: [Operation]) {
        let mustStart = state.withLock { state in
            state.waiting += operations
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if mustStart {
            file.onWriter { [self] db in drain(db) }
        }
    }

    private func drain(_ db: Database, evenIfIdle: Bool = false) {
        if evenIfIdle { runBatch(db, []) }
        while true {
            let batch = state.withLock { state in
                let batch = Array(state.waiting.prefix(Self.largestBatch))
                state.waiting.removeFirst(batch.count)
                if batch.isEmpty { state.isDraining = false }
                return batch
            }
            if batch.isEmpty { return }
            runBatch(db, batch)
        }
    }

    private func runBatch(_ db: Database, _ batch: [Operation]) {
        var answers: [() -> Void] = []
        do {
            let effects = try file.withWriteLock {
                removeLeftovers(db)
                return try transaction(db, batch, &answers)
            }
            state.withLock { $0.mustReload = false }
            delegate.committed(effects)
            for answer in answers { answer() }
            file.keepLogShort(db)
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
            state.withLock { $0.mustReload = true }
            // At once, since a crash may come before the next batch.
            if state.withLock(\.hasLeftovers) { try? file.withWriteLock { removeLeftovers(db) } }
            let failure = StoreError(error, doing: "write \(file.path)")
            for operation in batch { operation.fail(failure) }
        }
    }

    /// Writes over what a COMMIT that failed has left in the log: a commit that changes nothing takes its place there.
    /// Where that fails too it is tried again later; a batch that only reads may go on, and one that writes takes the
    /// place itself or fails.
    private func removeLeftovers(_ db: Database) {
        guard state.withLock(\.hasLeftovers) else { return }
        do {
            // Nobody reads that number; to set it writes the file's first page.
            try db.execute(sql: "PRAGMA user_version = 0")
            state.withLock { $0.hasLeftovers = false }
        } catch {
            if db.isInsideTransaction { try? db.rollback() }
        }
    }

    private func transaction(
        _ db: Database, _ batch: [Operation], _ answers: inout [() -> Void]
    ) throws -> Delegate.Effects {
        try db.cachedStatement(sql: "BEGIN IMMEDIATE TRANSACTION").execute()
        let version = try db.dataVersion()
        let isExternal = state.withLock { state in
            defer { state.lastDataVersion = version }
            // What was committed before the first look may have been read by others before it was.
            return state.mustReload || state.lastDataVersion != version
        }
        let effects = try delegate.began(db, external: isExternal)
        var isRolledBack = false
        for operation in batch {
            let (before, answered) = (effects.mark(), answers.count)
            do {
                // Alone it needs no savepoint: what it did is what the transaction did.
                if batch.count == 1 {
                    answers.append(try operation.run(db, effects))
                } else {
                    try db.inSavepoint {
                        answers.append(try operation.run(db, effects))
                        return .commit
                    }
                }
            } catch {
                // A lost transaction (disk full, I/O error) is the whole batch's failure.
                guard db.isInsideTransaction else { throw error }
                if batch.count == 1 {
                    try db.rollback()
                    isRolledBack = true
                }
                effects.undo(to: before)
                // Its own answer is there when the end of its savepoint was what failed.
                answers.removeLast(answers.count - answered)
                let failure = StoreError(error, doing: "write \(file.path)")
                answers.append { operation.fail(failure) }
            }
        }
        guard !isRolledBack else { return effects }
        let counter = try file.counter(in: db)
        try commit(db)
        file.note(counter)
        return effects
    }

    private func commit(_ db: Database) throws {
        do {
            try db.cachedStatement(sql: "COMMIT TRANSACTION").execute()
        } catch {
            state.withLock { $0.hasLeftovers = true }
            throw error
        }
    }
}

/// Gathers the results of operations that were submitted together.
private final class Answers<T: Sendable>: Sendable {
    private struct State {
        var results: [Int: Result<T, StoreError>] = [:]
    }
    private let state = Mutex(State())
    private let count: Int
    private let done: @Sendable ([Result<T, StoreError>]) -> Void

    init(count: Int, done: @escaping @Sendable ([Result<T, StoreError>]) -> Void) {
        self.count = count
        self.done = done
    }

    /// The last to come calls `done`, with all in the order of their places.
    func put(_ result: Result<T, StoreError>, at place: Int) {
        let all: [Result<T, StoreError>]? = state.withLock { state in
            state.results[place] = result
            return state.results.count == count ? (0..<count).compactMap { state.results[$0] } : nil
        }
        if let all { done(all) }
    }
}
