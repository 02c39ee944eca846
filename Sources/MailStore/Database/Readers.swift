// The connections that read one file: a few threads of its own, each with a connection that it opens when first needed.
//
// GRDB's own pool of readers takes two jumps between threads and a look at the schema for each read; here it is one
// jump and the bare transaction, which is most of what a small FETCH costs.
//
// Invariants: a reader has at most one job; jobs start in the order in which they came; a job that waits is given to
// the reader that is free first. A job is answered after its transaction, when its reader is free again, so that a
// session that reads again at once meets the same connection and what that has cached. After `close` no job is run any
// more, and none is forgotten: it is told that the file is closed.

import Dispatch
import GRDB
import Synchronization

final class Readers: Sendable {
    /// What is done with a connection inside a read transaction, or with the reason why there is none; and what is done
    /// when the transaction is over.
    typealias Job = @Sendable (Result<Database, any Error>) -> (@Sendable () -> Void)

    private struct State {
        var free: [Reader]
        var waiting: [Job] = []
        var isClosed = false
    }
    private let state: Mutex<State>
    private let all: [Reader]
    private let path: String

    init(path: String, count: Int) {
        self.path = path
        all = (0..<max(1, count)).map { _ in Reader(path: path) }
        state = Mutex(State(free: all.reversed()))
    }

    /// Runs the job on a reader's thread, at once or when one is free.
    func submit(_ job: @escaping Job) {
        let (reader, isClosed) = state.withLock { state -> (Reader?, Bool) in
            guard !state.isClosed else { return (nil, true) }
            let reader = state.free.popLast()
            if reader == nil { state.waiting.append(job) }
            return (reader, false)
        }
        if isClosed { return job(.failure(closedError))() }
        reader?.queue.async { [self] in reader.map { work($0, job) } }
    }

    /// Lets the jobs that run end, turns the others away and closes the connections.
    func close() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            state.isClosed = true
            return state.waiting
        }
        for job in waiting { job(.failure(closedError))() }
        for reader in all { reader.queue.sync { reader.close() } }
    }

    private var closedError: StoreError { .unavailable("\(path) is closed") }

    /// Runs this job and then those that wait, on the reader's thread.
    private func work(_ reader: Reader, _ first: @escaping Job) {
        var next: Job? = first
        while let job = next {
            let answer = reader.run(job)
            next = state.withLock { state in
                guard !state.waiting.isEmpty else {
                    state.free.append(reader)
                    return nil
                }
                return state.waiting.removeFirst()
            }
            answer()
        }
    }
}

/// One thread (a serial queue) and its connection, which is used on that thread alone.
private final class Reader: Sendable {
    let queue: DispatchQueue
    private let path: String
    private let connection = Mutex<DatabaseQueue?>(nil)

    init(path: String) {
        self.path = path
        queue = DispatchQueue(label: "store reader")
    }

    /// Runs the job inside a read transaction: it sees one state of the file.
    func run(_ job: Readers.Job) -> @Sendable () -> Void {
        do {
            return try opened().unsafeRead { db in
                try db.run("BEGIN DEFERRED")
                defer { try? db.run("COMMIT") }
                return job(.success(db))
            }
        } catch {
            return job(.failure(error))
        }
    }

    private func opened() throws -> DatabaseQueue {
        try connection.withLock { connection in
            if let connection { return connection }
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
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
