// The data directory: where each file of it lies, and that it is ours alone.
//
// Theory. What is checked at the start stays so: whoever could make it otherwise afterwards has to write to the
// directory, to its folders or to one that it stands in, and none of them may be written by others. So there is no race
// between the look at a path and its use.

import Foundation

/// The layout of a data directory. All paths are absolute or relative as `root` is.
package struct DataDirectory: Sendable {
    package let root: String

    package init(_ root: String) {
        self.root = root.count > 1 && root.hasSuffix("/") ? String(root.dropLast()) : root
    }

    package var directoryDatabase: String { "\(root)/directory.db" }
    package var accounts: String { "\(root)/accounts" }
    package var keys: String { "\(root)/keys" }
    package var tls: String { "\(root)/tls" }
    /// Spool files, nameless or of the running process only.
    package var temporary: String { "\(root)/tmp" }
    package var tlsCertificate: String { "\(root)/tls/cert.pem" }
    package var tlsKey: String { "\(root)/tls/key.pem" }
    package var configuration: String { "\(root)/martlet.yaml" }
    package var lmtpSocket: String { "\(root)/lmtp.sock" }
    package var controlSocket: String { "\(root)/control.sock" }
    package var serverLock: String { "\(root)/martletd.lock" }

    package func accountDatabase(_ id: AccountID) -> String { "\(accounts)/\(id).db" }

    var folders: [String] { [accounts, keys, tls, temporary] }

    /// Makes the directory and its folders (0700). An existing directory must be empty or hold no Martlet data.
    package func create() throws(StoreError) {
        var information = stat()
        if lstat(directoryDatabase, &information) == 0 {
            throw .alreadyExists(kind: "data directory", name: root)
        }
        for path in [root] + folders {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
                throw .unavailable("cannot make the directory \(path): \(lastSystemError())")
            }
        }
        try check()
    }

    /// Refuses a directory that is missing, is a link, belongs to somebody else or that others may write to; and one
    /// that stands where others could put another in its place.
    /// - Parameter user: who is going to use it. Root may use everybody's.
    func check(as user: uid_t = geteuid()) throws(StoreError) {
        for path in [root] + folders {
            var information = stat()
            guard lstat(path, &information) == 0 else {
                let role = path == root ? "a data directory" : "part of one"
                throw .broken(
                    "\(path) cannot be used as \(role): \(lastSystemError())"
                        + (path == root ? "; \"martlet init\" makes one" : ""))
            }
            let kind = information.st_mode & S_IFMT
            guard kind == S_IFDIR else {
                guard kind == S_IFLNK else { throw .broken("\(path) is not a directory") }
                let hint = path == root ? "; name the one that it leads to" : ""
                throw .broken("\(path) is a link, not a directory\(hint)")
            }
            try requirePrivate(path, information, to: user)
        }
        try checkAbove(as: user)
    }

    /// Whoever may write to a directory above could put another in the place of ours: in a sticky one, such as /tmp,
    /// only its owner can. The same goes for whoever has a link on the way to it.
    private func checkAbove(as user: uid_t) throws(StoreError) {
        guard let resolved = realpath(root, nil) else {
            throw .broken("\(root) cannot be found: \(lastSystemError())")
        }
        defer { free(resolved) }
        for path in Self.above(root) + Self.above(String(cString: resolved)) {
            var information = stat()
            guard lstat(path, &information) == 0 else { continue }
            if information.st_mode & S_IFMT == S_IFLNK {
                guard information.st_uid == user || information.st_uid == 0 else {
                    throw .broken(
                        "\(path), on the way to \(root), is a link of another user (uid \(information.st_uid)); name "
                            + "the directory itself")
                }
                guard stat(path, &information) == 0 else { continue }
            }
            guard information.st_mode & 0o002 == 0 || information.st_mode & S_ISVTX != 0 else {
                throw .broken(
                    "everybody can write to \(path), and so put another directory in the place of \(root); chmod o-w "
                        + path)
            }
        }
    }

    /// The directories that an absolute path leads through, the highest first.
    private static func above(_ path: String) -> [String] {
        path.indices.filter { path[$0] == "/" }.map { $0 == path.startIndex ? "/" : String(path[..<$0]) }
    }

    /// True when a database is there, or something in its place.
    var isInitialised: Bool {
        var information = stat()
        return lstat(directoryDatabase, &information) == 0
    }
}

/// Refuses a file of a database that is a link, no file, somebody else's, or that others may write to; one that is not
/// there is none of these.
///
/// A database's lock and its log lie beside the name that it is opened by: by two names it would have two of each.
func requireOwnFile(_ path: String, as user: uid_t = geteuid()) throws(StoreError) {
    var information = stat()
    guard lstat(path, &information) == 0 else {
        if errno == ENOENT { return }
        throw .unavailable("cannot look at \(path): \(lastSystemError())")
    }
    guard information.st_mode & S_IFMT == S_IFREG else {
        throw .broken("\(path) is not a file but a link or something else; put the file itself there")
    }
    try requirePrivate(path, information, to: user)
}

private func requirePrivate(_ path: String, _ information: stat, to user: uid_t) throws(StoreError) {
    guard information.st_uid == user || user == 0 else {
        throw .broken("\(path) belongs to another user (uid \(information.st_uid)); run as that user or chown it")
    }
    guard information.st_mode & 0o022 == 0 else {
        throw .broken("\(path) can be written by others; chmod go-w \(path)")
    }
}

/// Removes a file; one that is not there is no error.
func removeFile(_ path: String) throws(StoreError) {
    guard unlink(path) == 0 || errno == ENOENT else {
        throw .unavailable("cannot remove \(path): \(lastSystemError())")
    }
}

/// Forces a file's bytes, or a directory's entries, to the disk.
func synchronize(_ path: String) throws(StoreError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw .unavailable("cannot read \(path): \(lastSystemError())") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .unavailable("cannot write \(path): \(lastSystemError())") }
}
