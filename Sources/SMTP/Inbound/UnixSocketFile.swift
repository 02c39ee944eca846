// The file of a listening unix socket: made room for, opened to its group, removed at the end.

#if canImport(Glibc)
import Glibc
#endif

/// Why a unix socket cannot be used.
package struct UnixSocketError: Error, Sendable, CustomStringConvertible {
    package let description: String
}

/// A socket's path.
struct UnixSocketFile: Sendable {
    let path: String

    /// Whether there is a socket, of a server that may be gone.
    /// - Throws: when something else lies there.
    func isThere() throws(UnixSocketError) -> Bool {
        var information = stat()
        guard lstat(path, &information) == 0 else { return false }
        guard information.st_mode & S_IFMT == S_IFSOCK else {
            throw UnixSocketError(description: "\(path) is there and is no socket; remove it or choose another path")
        }
        return true
    }

    /// Owner and group may connect, nobody else.
    func allowGroup() throws(UnixSocketError) {
        guard chmod(path, 0o660) == 0 else {
            throw UnixSocketError(description: "cannot set the mode of \(path): \(String(cString: strerror(errno)))")
        }
    }

    func remove() { unlink(path) }
}
