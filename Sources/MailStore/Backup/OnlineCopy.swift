// A copy of a database file as it is at one moment, made while others write to it.
//
// Theory. A read transaction is held from the first page to the last, and SQLite's backup interface copies the pages
// that it sees: writers are not stopped, and what they commit is not in the copy. (Without that transaction the backup
// would begin anew whenever another process commits; VACUUM INTO would read every table by its rows, cannot be
// interrupted to look at the log, and writes each page elsewhere, so that two copies have nothing in common for a tool
// that keeps equal blocks once.)
//
// While a reader stands, the log cannot begin anew, and grows by all that is written. So its growth is rationed: when a
// tenth is copied, it may have grown by a tenth of `LogRation.most`. Where writers are ahead of that, the copying goes
// on with the file's lock held, for slices between which a group of writes passes. So the log is bounded whatever is
// written, and a writer never waits longer than a slice.
//
// The copy is one plain file, no longer in WAL mode: it can be opened where nothing can be written beside it.

import Foundation
import GRDB
import GRDBSQLite

package enum OnlineCopy {
    package enum Outcome: Sendable {
        /// The file is as it was then; nothing was copied.
        case unchanged
        /// nil when the file was being written to: its state says nothing.
        case copied(FileState?)
    }

    private static let pagesPerStep: Int32 = 256
    /// How long writers may have to wait, and what they get then.
    private static let slice = Duration.milliseconds(100)
    private static let pauseMicroseconds: UInt32 = 10_000

    /// Copies a database file that others may be using. Blocks; the file's schema does not matter.
    /// - Parameters:
    ///   - target: where nothing is yet; on disk when this returns. What is there after an error is worth nothing.
    ///   - known: the file's state at an earlier copy.
    ///   - progress: is told how many bytes were copied since it was last told.
    package static func make(
        of source: String, at target: String, unless known: FileState?, progress: (Int64) throws -> Void
    ) throws(StoreError) -> Outcome {
        try make(of: source, at: target, unless: known, growth: LogRation.most, progress: progress)
    }

    /// - Parameter growth: how much longer the log may become meanwhile, in bytes.
    static func make(
        of source: String, at target: String, unless known: FileState?, growth: Int64,
        progress: (Int64) throws -> Void
    ) throws(StoreError) -> Outcome {
        let lock = try FileLock(path: source + ".lock")
        do {
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
            let reader = try lock.withLock { try DatabaseQueue(path: source, configuration: configuration) }
            defer { try? lock.withLock { try reader.close() } }
            return try reader.unsafeRead { db in
                let state = try lock.withLock {
                    try db.run("BEGIN DEFERRED")
                    // Only the first read begins it.
                    _ = try db.count("SELECT count(*) FROM sqlite_schema")
                    return FileState(of: source)
                }
                defer { try? db.run("COMMIT") }
                if let known, known == state { return .unchanged }
                try copy(db, to: target, LogRation(log: source + "-wal", most: growth), lock, progress)
                return .copied(state)
            }
        } catch {
            throw StoreError(error, doing: "copy \(source) to \(target)")
        }
    }

    private static func copy(
        _ db: Database, to target: String, _ ration: LogRation, _ lock: FileLock, _ progress: (Int64) throws -> Void
    ) throws {
        try DatabaseFile.makePrivate(target)
        var configuration = Configuration()
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF") }
        let writer = try DatabaseQueue(path: target, configuration: configuration)
        try writer.writeWithoutTransaction { copy in
            try PageCopy(from: db, to: copy).run(ration, lock, progress)
        }
        try writer.close()
        // The first page is a copy too, and says WAL.
        let plain = try DatabaseQueue(path: target)
        try plain.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode=DELETE") }
        try plain.close()
        try synchronize(target)
    }

    /// SQLite's backup of one database into another, step by step.
    private struct PageCopy {
        private let backup: OpaquePointer
        private let target: Database
        private let pageSize: Int64

        init(from source: Database, to target: Database) throws {
            pageSize = try source.count("PRAGMA page_size")
            self.target = target
            guard let backup = sqlite3_backup_init(target.sqliteConnection, "main", source.sqliteConnection, "main")
            else { throw PageCopy.failure(sqlite3_errcode(target.sqliteConnection), target) }
            self.backup = backup
        }

        func run(_ ration: LogRation, _ lock: FileLock, _ progress: (Int64) throws -> Void) throws {
            do {
                while try !steps(ration, lock, progress) {}
            } catch {
                sqlite3_backup_finish(backup)
                throw error
            }
            let code = sqlite3_backup_finish(backup)
            guard code == SQLITE_OK else { throw PageCopy.failure(code, target) }
        }

        /// One step, or as many as a slice holds where writers are ahead.
        /// - Returns: whether all is copied.
        private func steps(_ ration: LogRation, _ lock: FileLock, _ progress: (Int64) throws -> Void) throws -> Bool {
            guard ration.isSpent(copied: copied, of: total) else { return try step(progress) }
            let isDone = try lock.withLock {
                let end = ContinuousClock.now + OnlineCopy.slice
                while ration.isSpent(copied: copied, of: total), ContinuousClock.now < end {
                    if try step(progress) { return true }
                }
                return false
            }
            // Who takes a lock again at once is quicker than those who wait for it.
            if !isDone { usleep(OnlineCopy.pauseMicroseconds) }
            return isDone
        }

        private func step(_ progress: (Int64) throws -> Void) throws -> Bool {
            let before = copied
            let code = sqlite3_backup_step(backup, OnlineCopy.pagesPerStep)
            guard code == SQLITE_OK || code == SQLITE_DONE else { throw PageCopy.failure(code, target) }
            try progress(Int64(copied - before) * pageSize)
            return code == SQLITE_DONE
        }

        private var total: Int32 { sqlite3_backup_pagecount(backup) }
        private var copied: Int32 { total - sqlite3_backup_remaining(backup) }

        private static func failure(_ code: Int32, _ target: Database) -> DatabaseError {
            DatabaseError(
                resultCode: ResultCode(rawValue: code),
                message: target.sqliteConnection.map { String(cString: sqlite3_errmsg($0)) })
        }
    }
}

/// How much longer a log may become while a reader keeps it from beginning anew.
struct LogRation {
    /// At the end of the copy; with what a log has when it begins anew, well below 256 MiB.
    static let most: Int64 = 128 * 1_024 * 1_024

    private let log: String
    private let most: Int64
    private let before: Int64

    init(log: String, most: Int64 = LogRation.most) {
        self.log = log
        self.most = most
        before = Self.size(log)
    }

    /// Whether more was written than the share of the copy that is done allows.
    func isSpent(copied: Int32, of total: Int32) -> Bool {
        let grown = Self.size(log) - before
        return total > 0 && grown > most / 16 && grown > most / Int64(total) * Int64(copied)
    }

    private static func size(_ path: String) -> Int64 {
        var facts = stat()
        return stat(path, &facts) == 0 ? Int64(facts.st_size) : 0
    }
}
