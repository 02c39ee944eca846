// Reads of SQLite that take what the system has in memory, and give up where they would wait for the disk.
//
// Theory. To hand a small read to another thread and to come back costs several times what it takes, but an event loop
// must never wait for a disk: all of its sessions would. SQLite reads pages with pread(2), through a table of system
// calls that programs may change. The call that is put there reads as it always did, except on a thread that is inside
// `attempt`: there it asks the kernel not to wait (RWF_NOWAIT), and where the kernel would have to, the read fails and
// with it the statement; whoever attempted it then goes to a thread that may wait. Nothing else of a read transaction
// in WAL mode waits: its locks are asked for once, and the index of the WAL is memory.
//
// Where the disk cannot read (EIO), SQLite would say that the file is damaged, which is what an administrator has to
// hear of a damaged file alone; so it is told of another error, and says that the read failed.

import CPositionedRead
import Foundation
import GRDBSQLite

enum CachedReads {
    enum Outcome<Value> {
        case done(Value)
        /// Something has to come from the disk, and nothing was done.
        case mustWait
        /// The file system cannot say what it has in memory.
        case unsupported
    }

    /// Thrown by a job that turns out to be too much for an event loop: it is to be done elsewhere.
    struct TooMuch: Error {}

    /// Ends what is to be brief when it has done so much; elsewhere a job may do as much as it likes.
    static func bound(_ done: Int, to most: Int) throws(TooMuch) {
        if done > most, current == .attempting || current == .bounded { throw TooMuch() }
    }

    /// Runs `work`, which may wait for the disk, and is to be brief all the same.
    static func bounded<Value>(_ work: () throws -> Value) rethrows -> Value {
        mark(.bounded)
        defer { mark(.none) }
        return try work()
    }

    /// What the thread is doing, in its own variable.
    private enum Mark: Int {
        case none = 0
        case attempting, hadToWait, unsupported
        case bounded
    }

    /// Runs `work` on this thread without waiting for the disk. What `work` has made counts only when it is `done`.
    static func attempt<Value>(_ work: () -> Value) -> Outcome<Value> {
        guard isInstalled else { return .unsupported }
        mark(.attempting)
        let value = work()
        defer { mark(.none) }
        return switch current {
        case .hadToWait: .mustWait
        case .unsupported: .unsupported
        case .none, .attempting, .bounded: .done(value)
        }
    }

    // MARK: The thread's mark

    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        return pthread_key_create(&key, nil) == 0 ? key : nil
    }()

    private static var current: Mark {
        guard let key else { return .none }
        return Mark(rawValue: Int(bitPattern: pthread_getspecific(key))) ?? .none
    }

    private static func mark(_ mark: Mark) {
        guard let key else { return }
        pthread_setspecific(key, UnsafeRawPointer(bitPattern: mark.rawValue))
    }

    // MARK: The system call

    private typealias Read = @convention(c) (Int32, UnsafeMutableRawPointer?, Int, off_t) -> Int

    /// True once SQLite reads by `read`; made before the first connection opens, or never.
    static let isInstalled: Bool = {
        guard key != nil, let system = sqlite3_vfs_find(nil), let xGet = system.pointee.xGetSystemCall,
            let replace = system.pointee.xSetSystemCall
        else { return false }
        let find = { (name: String) in xGet(system, name) }
        // One of them is what SQLite was built with; the other's place is empty.
        let used = ["pread64", "pread"].filter { find($0) != nil }
        guard let name = used.first, used.count == 1 else { return false }
        return replace(system, name, unsafeBitCast(read, to: sqlite3_syscall_ptr?.self)) == SQLITE_OK
    }()

    private static let read: Read = { descriptor, target, count, offset in
        let now = current
        guard now != .none, now != .bounded else {
            let result = pread(descriptor, target, count, offset)
            // What SQLite takes for damage (SQLITE_IOERR_CORRUPTFS).
            if result < 0, errno == EIO || errno == ENXIO || errno == ERANGE { errno = EAGAIN }
            return result
        }
        let result = martlet_pread_cached(descriptor, target, count, offset)
        guard result < 0, errno != EINTR else { return result }
        // What went wrong otherwise, a thread that may wait will see.
        let isUnsupported = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL
        mark(isUnsupported ? .unsupported : .hadToWait)
        errno = EAGAIN
        return -1
    }
}
