// What the process asks of the system before it serves.

#if canImport(Glibc)
import Glibc
#endif

enum ProcessSetup {
    /// Files and sockets of ours are for nobody else; writing to a client that is gone is an error, not an end; as many
    /// open files as the system lets us have.
    static func prepare() {
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < limit.rlim_max
        else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
