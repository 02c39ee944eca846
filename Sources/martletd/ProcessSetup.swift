// What the process asks of the system before it serves.

import CMalloc
import Glibc

enum ProcessSetup {
    /// Blocks of this size and more go back to the system as soon as they are let go. Left to itself, glibc raises the
    /// bound to the largest block that ever was, and a server that has once searched a message of 20 MB keeps its room.
    private static let returnedBlock: Int32 = 1 << 20

    /// Files and sockets of ours are for nobody else; writing to a client that is gone is an error, not an end; large
    /// blocks of memory are returned; as many open files as the system lets us have.
    static func prepare() {
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        mallopt(M_MMAP_THRESHOLD, returnedBlock)
        mallopt(M_TRIM_THRESHOLD, returnedBlock)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
