// The connections that read one file: a few threads of its own, each with a connection that it opens when first needed.
//
// GRDB's own pool of readers takes two jumps between threads and a look at the schema for each read; here it is one
// jump and the bare transaction, which is most of what a small FETCH costs.
//
// Invariants: a reader has at most one job; jobs start in the order in which they came, but that long work, a piece of
// a search, never has the last reader: while it waits for another to end, what came later goes ahead. So a short read
// waits for short reads only, however many searches there are. A job that waits is given to the reader that is free
// first. A job is answered after its transaction, when its reader is free again, so that a
// session that reads again at once meets the same connection and what that has cached. After `close` no job is run any
// more, and none is forgotten: it is told that the file is closed.
//
// What is brief and lies in the system's memory needs no jump at all: `runHere` borrows a free reader's connection and
// works on the caller's thread, or gives up (`CachedReads`). Meanwhile that reader is not free, as if it ran a job.

import Dispatch
import GRDB
import Synchronization

final class Readers: Sendable {
    /// What is done with a connection inside a read transaction, or with the reason why there is none; and what is done
    /// when the transaction is over.
    typealias Job = @Sendable (Result<Database, any Error>) -> (@Sendable () -> Void)

    private struct Submission {
        let job: Job
        let isLong: Bool
    }
    private struct State {
        var free: [Reader]
        var waiting: [Submission] = []
        /// Long jobs that may run at once, and that do.
        let mostLong: Int
        var long = 0
        var isClosed = false

        /// Counts the job in, if it may start now.
        mutating func start(_ submission: Submission) -> Bool {
            guard submission.isLong else { return true }
            guard long < mostLong else { return false }
            long += 1
            return true
        }

        /// The first job that waits and may start.
        mutating func next() -> Submission? {
            guard let place = waiting.firstIndex(where: { !$0.isLong || long < mostLong }) else { return nil }
            let submission = waiting.remove(at: place)
            if submission.isLong { long += 1 }
            return submission
        }
    }
    private let state: Mutex<State>
    private let all: [Reader]
    private let path: String
    /// False once the file system has turned out not to say what it has in memory.
    private let mayRunHere = Atomic(true)

    /// - Parameter files: those that the connections have to be on.
    init(path: String, count: Int, files: OpenFiles) {
        self.path = path
        all = (0..<max(1, count)).map { _ in Reader(path: path, files: files) }
        state = Mutex(State(free: all.reversed(), mostLong: max(1, count - 1)))
    }

    /// Runs the job on a reader's thread, at once or when one is free.
    /// - Parameter isLong: it takes more than some milliseconds.
    func submit(isLong: Bool = false, _ job: @escaping Job) {
        let submission = Submission(job: job, isLong: isLong)
        let (reader, isClosed) = state.withLock { state -> (Reader?, Bool) in
            guard !state.isClosed else { return (nil, true) }
            guard !state.free.isEmpty, state.start(submission) else {
                state.waiting.append(submission)
                return (nil, false)
            }
            return (state.free.popLast(), false)
        }
        if isClosed { return job(.failure(closedError))() }
        reader?.queue.async { [self] in reader.map { work($0, submission) } }
    }

    /// Runs the job on a reader's thread now, unless it would be the last reader that is free.
    /// - Returns: whether it does.
    func submitIfSpare(_ job: @escaping Job) -> Bool {
        let reader = state.withLock { state in
            state.isClosed || state.free.count < 2 ? nil : state.free.popLast()
        }
        guard let reader else { return false }
        reader.queue.async { [self] in work(reader, Submission(job: job, isLong: false)) }
        return true
    }

    enum Attempt<T: Sendable>: Sendable {
        case done(Result<T, any Error>)
        /// Nothing is done: no reader is free, or something would have to come from the disk.
        case mustWait
        /// Nothing is done: the job threw `CachedReads.TooMuch`.
        case tooMuch
    }

    /// Runs the job on the caller's thread, inside a read transaction, if that can be at once.
    func runHere<T: Sendable>(_ job: @Sendable (Database) throws -> T) -> Attempt<T> {
        guard mayRunHere.load(ordering: .relaxed) else { return .mustWait }
        let reader = state.withLock { state -> Reader? in
            guard !state.isClosed, let place = state.free.lastIndex(where: \.isOpen) else { return nil }
            return state.free.remove(at: place)
        }
        guard let reader else { return .mustWait }
        defer { free(reader) }
        switch reader.runHere(job) {
        case .done(.failure(is CachedReads.TooMuch)): return .tooMuch
        case .done(let result): return .done(result)
        case .mustWait: return .mustWait
        case .unsupported:
            mayRunHere.store(false, ordering: .relaxed)
            return .mustWait
        }
    }

    /// After a job that ran elsewhere than on the reader's thread.
    private func free(_ reader: Reader) {
        let next = state.withLock { state in
            let next = state.next()
            if next == nil { state.free.append(reader) }
            return next
        }
        if let next { reader.queue.async { [self] in work(reader, next) } }
    }

    /// Lets the jobs that run end, turns the others away and closes the connections.
    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        for submission in waiting { submission.job(.failure(closedError))() }
        for reader in all { reader.queue.sync { reader.close() } }
    }

    private var closedError: StoreError { .unavailable("\(path) is closed") }

    /// Runs this job and then those that wait, on the reader's thread.
    private func work(_ reader: Reader, _ first: Submission) {
        var next: Submission? = first
        while let submission = next {
            let answer = reader.run(submission.job)
            next = state.withLock { state in
                if submission.isLong { state.long -= 1 }
                let next = state.next()
                if next == nil { state.free.append(reader) }
                return next
            }
            answer()
        }
    }
}

/// One thread (a serial queue) and its connection, which has one user at a time: that thread, or who borrows it.
private final class Reader: Sendable {
    let queue: DispatchQueue
    private let path: String
    private let files: OpenFiles
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String, files: OpenFiles) {
        self.path = path
        self.files = files
        queue = DispatchQueue(label: "store reader")
    }

    /// Runs the job inside a read transaction: it sees one state of the file.
    func run(_ job: Readers.Job) -> @Sendable () -> Void {
        do {
            return try Reader.inTransaction(opened()) { db in job(.success(db)) }
        } catch {
            return job(.failure(error))
        }
    }

    var isOpen: Bool { connection.withLock { $0 != nil } }

    /// Runs the job on the caller's thread, with the connection as it is. Whoever closes it waits.
    func runHere<T: Sendable>(_ job: @Sendable (Database) throws -> T) -> CachedReads.Outcome<Result<T, any Error>> {
        connection.withLock { connection in
            guard let connection else { return .mustWait }
            return CachedReads.attempt { Result { try Reader.inTransaction(connection, job) } }
        }
    }

    private static func inTransaction<T: Sendable>(
        _ connection: DatabaseQueue, _ job: (Database) throws -> T
    ) throws -> T {
        try connection.unsafeRead { db in
            try db.run("BEGIN DEFERRED")
            defer { try? db.run("COMMIT") }
            return try job(db)
        }
    }

    private func opened() throws -> DatabaseQueue {
        try connection.withLock { connection in
            if let connection { return connection }
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
            // Whatever lies there now is not what the other connections have.
            try files.requireInPlace()
            let new = try DatabaseQueue(path: path, configuration: configuration)
            connection = new
            return new
        }
    }

    func close() {
        connection.withLock { connection in
            try? connection?.close()
            connection = nil
        }
    }
}
