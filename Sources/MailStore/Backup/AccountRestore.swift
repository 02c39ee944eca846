// An account's mail as a backup has it, in place of what there is: prepared beside, put in place by one rename.
//
// Theory. A file that somebody has open cannot be replaced: they would go on with the old one, and its log would be
// taken for the new one's. So no server may run, and the store must have been opened as the only one. The old file's
// lock is held, its log is emptied into it and removed, and only then comes the rename: whatever breaks, what lies
// there is the old mail or the new, each whole. The new file is migrated, renumbered and checked before.

import Foundation
import GRDB
import Mail

extension AccountStore {
    /// Ends the use of what `Store.openCopy` has opened.
    package func closeCopy() { close() }
}

extension Store {
    /// Puts a file, which is used up, in the place of an account's.
    /// - Parameters:
    ///   - enter: called when the file is ready to be put there: to make the account that it is of.
    ///   - path: on the data directory's file system; inspected already.
    ///   - seconds: since the backup was made.
    /// - Returns: what is to be said of what is there now.
    /// - Throws: `.refused` unless the store is open as the server has it; else `.broken`, `.unavailable`.
    package func replaceAccountFile(
        _ id: AccountID, by path: String, secondsSinceBackup seconds: Int64,
        enter: () async throws(StoreError) -> Void = {}
    ) async throws(StoreError) -> IntegrityReport {
        guard isExclusive else { throw .refused(reason: "an account is replaced only while no server runs") }
        letGo(of: id)
        let target = layout.accountDatabase(id)
        let copy = try await openCopy(path, of: id)
        do throws(StoreError) {
            try await copy.moveNumbersAhead(RestoredGap(seconds: seconds), beyond: Self.given(by: target))
        } catch {
            copy.close()
            throw error
        }
        let grantees = try await copy.grantees()
        copy.close()
        try await enter()
        try place(path, at: target)
        for grantee in grantees { try await directory.noteShare(id, grantee) }
        return try await account(id).checkIntegrity()
    }

    /// What the file that is replaced has given out; nil when that cannot be read: then the gap must do.
    private static func given(by path: String) -> GivenNumbers? {
        guard access(path, F_OK) == 0, let lock = try? FileLock(path: path + ".lock") else { return nil }
        return try? lock.withLock {
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.unsafeRead { try GivenNumbers($0) }
        }
    }

    private func place(_ path: String, at target: String) throws(StoreError) {
        let lock = try FileLock(path: target + ".lock")
        do {
            try lock.withLock {
                Self.emptyLog(of: target)
                for suffix in ["-wal", "-shm"] { try removeFile(target + suffix) }
                guard rename(path, target) == 0 else {
                    throw StoreError.unavailable("cannot put \(path) at \(target): \(lastSystemError())")
                }
                lock.forgetMark()
                try synchronize(layout.accounts)
            }
            for suffix in ["-wal", "-shm", ".lock"] { try removeFile(path + suffix) }
        } catch {
            throw StoreError(error, doing: "replace \(target)")
        }
    }

    /// So that the old file is whole without its log. Of one that is damaged there is nothing to be kept.
    private static func emptyLog(of path: String) {
        let configuration = DatabaseFile.configuration()
        guard access(path, F_OK) == 0, let queue = try? DatabaseQueue(path: path, configuration: configuration) else {
            return
        }
        _ = try? queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try? queue.close()
    }
}
