// A write-ahead log that does not begin anew by itself is made to, before it is too long.
//
// Theory. SQLite begins a log anew when all of it is in the database and nobody reads from it. Where there is always
// somebody who reads, one search overlapping the next, that moment never comes, and the log grows with every commit.
// So once it has passed a bound, the writer waits for those who read from it; who begins to read meanwhile finds
// everything in the database, and is not waited for. It waits briefly, for others wait for the writer, and the longer,
// the longer the log is. Where that was in vain, as while a backup reads, it tries again when the log has grown by a
// quarter of the bound.

import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// Of one database file, in one process.
final class LogBound: Sendable {
    static let usual: Int64 = 64 << 20
    /// In milliseconds: at the bound, and at the most.
    private static let patience: (least: Int64, most: Int64) = (250, 4_000)

    private let log: String
    private let bound: Int64
    /// Of the connection, where it waits for nobody who reads.
    private let usualPatience: Duration
    /// The length from which on something is to be done.
    private let due: Mutex<Int64>

    init(log: String, bound: Int64 = LogBound.usual, patience: Duration = DatabaseFile.patience) {
        self.log = log
        self.bound = bound
        usualPatience = patience
        due = Mutex(bound)
    }

    /// - Parameter length: the log's, in bytes.
    func isPassed(by length: Int64) -> Bool { due.withLock { length > $0 } }

    /// Lets the log begin anew if it can be. With the file's lock held, on the writer's thread, outside a transaction.
    func keep(_ db: Database) {
        let before = length
        guard isPassed(by: before) else { return }
        let excess = min(before / bound, 16)
        let patience = min(Self.patience.most, Self.patience.least * excess * excess)
        sqlite3_busy_timeout(db.sqliteConnection, Int32(clamping: patience))
        try? db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
        sqlite3_busy_timeout(db.sqliteConnection, Int32(usualPatience / .milliseconds(1)))
        let left = length
        due.withLock { $0 = left < before ? bound : left + bound / 4 }
    }

    private var length: Int64 {
        var status = stat()
        return stat(log, &status) == 0 ? Int64(status.st_size) : 0
    }
}
