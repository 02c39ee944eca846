// When the log's pages go into the file: behind the answers of a batch, so that nobody waits for them.
//
// Theory. SQLite by itself writes a long log back within the COMMIT that found it long: tens of milliseconds, for one
// operation in some hundreds. Here it is asked to only for a log several times as long, which one large transaction can
// make, or readers that kept it from beginning anew; otherwise the writer does it once the batch is answered, and what
// clients do next is received, parsed and compressed meanwhile. What was acknowledged lies in the log, synchronised;
// when it goes into the file matters to nobody.
// The connection counts the pages that it writes to the log. That is less than the log holds when another process
// writes too, and more than it holds when a checkpoint was someone else's: both only move the next one.

import GRDB
import GRDBSQLite

extension DatabaseFile {
    /// Pages of 4 KiB. A log that all readers have left begins anew behind its checkpoint.
    static let longLog = 4_000
    /// At which SQLite does it within a COMMIT.
    static let longestLog = 4 * longLog

    /// Behind the answers of a batch, on the writer's thread: a log that has become long is written back, and one that
    /// is past its bound begins anew (`LogBound`). What fails is tried again behind the next batch, as SQLite would.
    func keepLogShort(_ db: Database) {
        writeBackIfLong(db)
        boundLog(db)
    }

    private func writeBackIfLong(_ db: Database) {
        guard db.pagesLogged() >= Self.longLog else { return }
        try? withWriteLock {
            _ = try db.checkpoint(.passive)
            _ = db.pagesLogged(startingAnew: true)
        }
    }
}

extension Database {
    /// Has SQLite write the log back within the COMMIT that finds so many pages in it.
    func checkpointWithinCommit(from pages: Int) {
        sqlite3_wal_autocheckpoint(sqliteConnection, Int32(clamping: pages))
    }

    /// Pages that this connection has written to the log since it was last to start anew.
    fileprivate func pagesLogged(startingAnew: Bool = false) -> Int {
        var (current, highest) = (Int32(0), Int32(0))
        let code = sqlite3_db_status(
            sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &current, &highest, startingAnew ? 1 : 0)
        return code == SQLITE_OK ? Int(current) : 0
    }
}
