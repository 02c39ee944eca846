// A COMMIT that fails after all of it was written: what was refused must not be found after a crash.

import Foundation
import GRDB
import GRDBSQLite
import Mail
import Schema
import Synchronization
import TestSupport
import Testing

@testable import MailStore

@Suite struct FailedCommitTests {
    @Test("case 185: what a failed COMMIT has left in the log is written over before anybody hears of the failure")
    func leftoversAreWrittenOver() async throws {
        try await TemporaryStore.with { temporary in
            let account = try await temporary.account()
            _ = try await account.append([try await temporary.message("Subject: kept\r\n\r\nx")], to: .inbox)
            let refused = try await temporary.message("Subject: refused\r\n\r\nx")
            try #require(LastWriteFails.isInstalled)
            LastWriteFails.file.withLock { $0 = account.file.path + "-wal" }
            await #expect(throws: StoreError.self) { try await account.append([refused], to: .inbox) }
            #expect(LastWriteFails.file.withLock { $0 } == nil, "nothing has failed")
            #expect(try afterACrash(account, "1", in: temporary) == 1)
            _ = try await account.append([try await temporary.message("Subject: new\r\n\r\nx")], to: .inbox)
            #expect(try afterACrash(account, "2", in: temporary) == 2)
            #expect(try await account.checkIntegrity().problems == [])
        }
    }

    /// How many messages whoever recovers the files as they are now finds.
    private func afterACrash(_ account: AccountStore, _ name: String, in temporary: TemporaryStore) throws -> Int? {
        let copy = "\(temporary.path)/copy-\(name).db"
        for part in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: account.file.path + part, toPath: copy + part)
        }
        let other = try DatabaseFile(path: copy, steps: SchemaScripts.account, readers: 1)
        defer { other.close() }
        #expect(try other.syncOnWriter { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
        return try other.syncOnWriter { try Int.fetchOne($0, sql: "SELECT count(*) FROM message") }
    }
}

/// SQLite's write, which fails once: it writes the last page of a commit to one file's log and says that it could not.
/// To SQLite that is the same as a synchronisation that fails, which programs cannot put another in the place of.
private enum LastWriteFails {
    /// The log, until it has failed.
    static let file = Mutex<String?>(nil)
    /// The head of the commit's last frame has been written.
    private static let isLast = Atomic(false)

    private typealias Write = @convention(c) (Int32, UnsafeRawPointer?, Int, off_t) -> Int

    static let isInstalled: Bool = {
        guard let system = sqlite3_vfs_find(nil), let xGet = system.pointee.xGetSystemCall,
            let replace = system.pointee.xSetSystemCall
        else { return false }
        let find = { (name: String) in xGet(system, name) }
        guard let name = ["pwrite64", "pwrite"].first(where: { find($0) != nil }) else { return false }
        return replace(system, name, unsafeBitCast(write, to: sqlite3_syscall_ptr?.self)) == SQLITE_OK
    }()

    private static let write: Write = { descriptor, bytes, count, offset in
        let written = pwrite(descriptor, bytes, count, offset)
        guard let path = file.withLock({ $0 }), pathOf(descriptor) == path, let bytes else { return written }
        if count == 24 {
            // A frame's head: the file's size in pages after the commit, 0 in frames that are not the last.
            let size = bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            isLast.store(size != 0, ordering: .sequentiallyConsistent)
        } else if isLast.exchange(false, ordering: .sequentiallyConsistent) {
            file.withLock { $0 = nil }
            errno = EIO
            return -1
        }
        return written
    }

    private static func pathOf(_ descriptor: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }
}
