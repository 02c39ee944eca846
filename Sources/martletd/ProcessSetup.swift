// What the process asks of the system before it serves.

import Dispatch
import Foundation
import Glibc
import MailStore

/// What the process may have open.
struct OpenFiles {
    /// The highest number of descriptors.
    let limit: Int
    /// Those that it was started with.
    let inUse: Int
}

enum ProcessSetup {
    /// Files and sockets of ours are for nobody else; a file that would be longer than the process may make one
    /// (RLIMIT_FSIZE) is an error, not an end; the heap gives back what it can; as many open files as the system lets
    /// us have.
    static func prepare() -> OpenFiles {
        umask(0o077)
        signal(SIGXFSZ, SIG_IGN)
        Heap.configure()
        let inUse = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 16
        return OpenFiles(limit: raiseLimit(), inUse: inUse)
    }

    /// To write to a client, or to a reader of the log, that is gone is an error, not an end.
    static func outliveReaders() { signal(SIGPIPE, SIG_IGN) }

    private static let traps = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGQUIT, SIGSYS]

    /// A trap ends the process at once, so that another can serve: no handler of the language's run-time looks for
    /// names of functions in the meantime, which may take minutes. Who sets SWIFT_BACKTRACE has asked for that.
    static func letTrapsEnd(environment: [String: String]) {
        guard environment["SWIFT_BACKTRACE"] == nil else { return }
        for trap in traps { signal(trap, SIG_DFL) }
    }

    /// SQLite's temporary files, which hold mail, lie with the rest of it: nowhere else may they be made (`Sandbox`).
    /// While there is one thread.
    static func keepTemporaryFiles(in dataDirectory: String) {
        setenv("SQLITE_TMPDIR", DataDirectory(dataDirectory).temporary, 1)
    }

    /// What the first thread does while others serve. Not dispatchMain(), which leaves it half ended, so that glibc
    /// passes it by when the user changes: it would keep what was root's. Signals are for the queues that wait for
    /// them, as they would be there; nothing is done on the main queue.
    static func rest() -> Never {
        var others = sigset_t()
        sigfillset(&others)
        for trap in traps { sigdelset(&others, trap) }
        pthread_sigmask(SIG_BLOCK, &others, nil)
        let forEver = DispatchSemaphore(value: 0)
        while true { forEver.wait() }
    }

    /// As many open files as the system lets us have.
    /// - Returns: how many that is.
    private static func raiseLimit() -> Int {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return 1_024 }
        if limit.rlim_cur < limit.rlim_max {
            var raised = limit
            raised.rlim_cur = limit.rlim_max
            if setrlimit(resource, &raised) == 0 { limit = raised }
        }
        return Int(clamping: limit.rlim_cur)
    }
}
