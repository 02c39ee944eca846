// One SQLite file as the store uses it: WAL, synchronous=FULL, one writer at a time across processes.
//
// Invariants:
// - Every write transaction and every checkpoint, in whichever process, runs with the file's lock held (`lock`), also
//   opening with its migrations and closing with its final checkpoint. So no two processes ever checkpoint at once
//   (SQLite before 3.51.3 can lose data then) and none ever waits in SQLite's own busy loop for long.
// - The writer's thread waits for the lock, never the other way round: `close` first turns later batches away, lets the
//   writer finish, and only then takes the lock.
// - `synchronous` is FULL on the writer: GRDB sets NORMAL for a WAL pool after `prepareDatabase`, therefore it is set
//   here after opening; a test reads it back.

import CSQLiteConfig
import Dispatch
import Foundation
import GRDB
import GRDBSQLite
import Logging
import Schema
import Sockets
import Synchronization

final class DatabaseFile: Sendable {
    let path: String
    private let lock: FileLock
    private let patience: Duration
    private let pool: DatabasePool
    private let readers: Readers
    private let isClosing = Mutex(false)
    private let logRoom: LogRoom
    private let logBound: LogBound
    private let nature: FileNature?
    private let files: OpenFiles
    /// The number of the last note (`FileMark`), by this process.
    private let noted = Mutex<Int64>(0)
    private let lost: Mutex<LostState?>
    /// The room that its descriptors take up, until it is closed.
    private let descriptors: DescriptorLoan?

    /// Opens or makes the file and brings its schema up to date.
    /// - Parameter checksReferences: whether SQLite looks for what each row refers to, and deletes what refers to a row
    /// that goes.
    /// - Parameter nature: what it is known by; nil for a file that is compared with nothing.
    /// - Parameter acceptsLoss: whether it is opened though it has lost something (`loss`).
    /// - Parameter patience: how long a write waits for another process that has the file locked.
    /// - Throws: `.broken` for one that has lost something, or that is another account's; it is as it was then.
    init(
        path: String, steps: [SchemaStep], readers: Int, checksReferences: Bool = true, nature: FileNature? = nil,
        acceptsLoss: Bool = false, patience: Duration = DatabaseFile.patience, descriptors: DescriptorLoan? = nil,
        logBound: Int64 = LogBound.usual
    ) throws(StoreError) {
        self.path = path
        self.descriptors = descriptors
        self.nature = nature
        let lock = try FileLock(path: path + ".lock")
        self.lock = lock
        self.patience = patience
        logRoom = LogRoom(log: path + "-wal")
        self.logBound = LogBound(log: path + "-wal", bound: logBound, patience: patience)
        do {
            let opened = try lock.withLock(within: max(patience, Self.migrationPatience)) {
                for suffix in ["", "-wal", "-shm"] { try requireOwnFile(path + suffix) }
                let mark = lock.mark
                let lost = try nature.flatMap { try Self.lostState(of: path, $0, mark) }
                if let lost, !acceptsLoss { throw StoreError.broken(lost.problem) }
                let pool = try Self.open(path: path, steps: steps, checksReferences, patience)
                if let nature { try pool.writeWithoutTransaction { try Self.claim($0, nature) } }
                return (pool: pool, lost: lost)
            }
            pool = opened.pool
            lost = Mutex(opened.lost)
        } catch {
            throw StoreError(error, doing: "open \(path)")
        }
        files = OpenFiles(of: path)
        self.readers = Readers(path: path, count: readers, files: files)
    }

    /// What it had lost before it was opened all the same, until somebody has settled that.
    var loss: LostState? { lost.withLock { $0 } }

    /// How long somebody waits who is to write: for the file's lock, which ours have while they write, and for other
    /// programs, which SQLite knows of.
    static let patience = Duration.seconds(10)
    /// How long somebody waits who opens a file: another process may be bringing its schema up to date.
    static let migrationPatience = Duration.seconds(60)

    /// How every connection of the store is opened.
    static func configuration(patience: Duration = patience) -> Configuration {
        var configuration = Configuration()
        configuration.maximumReaderCount = 1
        configuration.busyMode = .timeout(patience / .seconds(1))
        configuration.label = "store"
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0")
            guard martlet_sqlite_defensive(db.sqliteConnection) == SQLITE_OK else {
                throw StoreError.broken("this SQLite has no defensive mode; Martlet needs 3.26 or newer")
            }
        }
        return configuration
    }

    private static func open(
        path: String, steps: [SchemaStep], _ checksReferences: Bool, _ patience: Duration
    ) throws -> DatabasePool {
        try makePrivate(path)
        _ = CachedReads.isInstalled
        let pool = try DatabasePool(path: path, configuration: configuration(patience: patience))
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA synchronous=FULL")
            db.checkpointWithinCommit(from: longestLog)
        }
        let migrator = migrator(steps)
        if try pool.writeWithoutTransaction(migrator.hasBeenSuperseded) {
            throw StoreError.broken(
                "\(path) was written by a newer version of Martlet; this one does not know its schema")
        }
        try migrator.migrate(pool)
        if !checksReferences {
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA foreign_keys=OFF") }
        }
        return pool
    }

    /// Makes a file that is not there, for its owner only; SQLite gives its -wal and -shm the same mode.
    ///
    /// Never opens one that is there: to close it would end the locks that SQLite has on it in this process.
    static func makePrivate(_ path: String) throws {
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        if descriptor >= 0 {
            Foundation.close(descriptor)
        } else if errno != EEXIST {
            throw StoreError.unavailable("cannot make \(path): \(lastSystemError())")
        }
    }

    static func migrator(_ steps: [SchemaStep]) -> DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for step in steps {
            migrator.registerMigration(step.name) { db in try db.execute(sql: step.sql) }
        }
        return migrator
    }

    /// Runs `work` in a read transaction on one of the file's reader threads.
    /// - Parameters:
    ///   - isLong: it takes more than some milliseconds; short reads are not to wait for it.
    ///   - isBrief: it takes some dozens of microseconds, or throws `CachedReads.TooMuch`: it is done on the caller's
    ///     thread where nothing has to come from the disk, and may run twice. What turns out to be too much is long.
    func read<T: Sendable>(
        isLong: Bool = false, isBrief: Bool = false, _ work: @escaping @Sendable (Database) throws -> T
    ) async throws(StoreError) -> T {
        var result: Result<T, any Error>
        switch isBrief ? readers.runHere(work) : .mustWait {
        case .done(let here): result = here
        case .tooMuch: result = await onReader(isLong: true, work)
        case .mustWait:
            result = await onReader(isLong: isLong) { db in
                isBrief && !isLong ? try CachedReads.bounded { try work(db) } : try work(db)
            }
            if case .failure(is CachedReads.TooMuch) = result { result = await onReader(isLong: true, work) }
        }
        let path = path
        return try result.mapError { StoreError($0, doing: "read \(path)") }.get()
    }

    private func onReader<T: Sendable>(
        isLong: Bool, _ work: @escaping @Sendable (Database) throws -> T
    ) async -> Result<T, any Error> {
        await withCheckedContinuation { continuation in
            readers.submit(isLong: isLong, Self.job(work) { continuation.resume(returning: $0) })
        }
    }

    /// Hands a job in whose answer is asked for later.
    /// - Parameter onlyIfSpare: not when it would take the last reader that is free; then nil is returned.
    func startRead<T: Sendable>(
        onlyIfSpare: Bool = false, _ work: @escaping @Sendable (Database) throws -> T
    ) -> Pending<T>? {
        let pending = Pending<T>()
        let path = path
        let job = Self.job(work) { pending.resolve($0.mapError { StoreError($0, doing: "read \(path)") }) }
        guard onlyIfSpare else {
            readers.submit(job)
            return pending
        }
        return readers.submitIfSpare(job) ? pending : nil
    }

    private static func job<T: Sendable>(
        _ work: @escaping @Sendable (Database) throws -> T,
        _ answer: @escaping @Sendable (Result<T, any Error>) -> Void
    ) -> Readers.Job {
        { opened in
            let result = Result { try work(try opened.get()) }
            return { answer(result) }
        }
    }

    /// Runs `work` on the file's one writer thread, outside a transaction; the caller takes the lock where it writes.
    func onWriter(_ work: @escaping @Sendable (Database) -> Void) {
        pool.asyncWriteWithoutTransaction(work)
    }

    /// Runs `work` and waits, on the writer's thread.
    func syncOnWriter<T>(_ work: (Database) throws -> T) throws(StoreError) -> T {
        do {
            return try pool.writeWithoutTransaction(work)
        } catch {
            throw StoreError(error, doing: "use \(path)")
        }
    }

    /// Runs a write transaction, on the writer's thread, with the file's lock held.
    func withWriteLock<T>(_ work: () throws -> T) throws -> T {
        guard !isClosing.withLock({ $0 }) else { throw StoreError.unavailable("\(path) is closed") }
        return try lock.withLock(within: patience) {
            try files.requireInPlace()
            logRoom.keep()
            return try work()
        }
    }

    /// After a transaction, on the writer's thread: sees to it that the log does not grow without end.
    func boundLog(_ db: Database) {
        guard logBound.isPassed(by: logRoom.size) else { return }
        try? withWriteLock { logBound.keep(db) }
    }

    /// The number that is to be noted when what the transaction has done is on the disk.
    func counter(in db: Database) throws -> Int64? { try nature.map { try db.count($0.counter) } }

    /// Notes the number of what was committed. With the lock held.
    func note(_ counter: Int64?) {
        guard let counter, loss == nil else { return }
        let isNew = noted.withLock { noted in
            defer { noted = counter }
            return counter != noted
        }
        if isNew { lock.note(FileMark(counter: counter)) }
    }

    /// From now on the file counts as whole.
    func settleLoss() throws(StoreError) {
        do {
            try lock.withLock {
                lock.forgetMark()
                lost.withLock { $0 = nil }
            }
        } catch {
            throw StoreError(error, doing: "use \(path)")
        }
    }

    /// Closes with a last checkpoint. Afterwards every call fails.
    func close() {
        guard beginClosing() else { return }
        Self.close(pool, readers, lock)
    }

    /// The last user may let go on one of the file's own threads, which cannot wait for themselves.
    deinit {
        guard beginClosing() else { return }
        DispatchQueue.global().async { [pool, readers, lock, descriptors] in
            withExtendedLifetime(descriptors) { Self.close(pool, readers, lock) }
        }
    }

    /// True for the first to ask: later batches are turned away from now on.
    private func beginClosing() -> Bool {
        isClosing.withLock { closing in
            defer { closing = true }
            return !closing
        }
    }

    private static func close(_ pool: DatabasePool, _ readers: Readers, _ lock: FileLock) {
        readers.close()
        pool.writeWithoutTransaction { _ in }
        try? lock.withLock { try pool.close() }
    }
}

extension StoreError {
    /// A failure of SQLite or of the system as one of the store's own.
    init(_ error: any Error, doing what: @autoclosure () -> String) {
        switch error {
        case let error as StoreError: self = error
        case let error as DatabaseError:
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_ERROR, .SQLITE_MISUSE:
                self = .broken("cannot \(what()): SQLite says \"\(error.message ?? "nothing")\" (\(error.resultCode))")
            default:
                self = .unavailable(
                    "cannot \(what()): SQLite says \"\(error.message ?? "nothing")\" (\(error.resultCode))")
            }
        default: self = .unavailable("cannot \(what()): \(error)")
        }
    }
}
