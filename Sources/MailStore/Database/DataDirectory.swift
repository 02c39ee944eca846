// The data directory: where each file of it lies, and that it is ours alone.

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
    func create() throws(StoreError) {
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

    /// Refuses a directory that is missing, is a link, belongs to somebody else or that others may write to.
    func check() throws(StoreError) {
        for path in [root] + folders {
            var information = stat()
            guard lstat(path, &information) == 0 else {
                let role = path == root ? "a data directory" : "part of one"
                throw .broken(
                    "\(path) cannot be used as \(role): \(lastSystemError())"
                        + (path == root ? "; \"martlet init\" makes one" : ""))
            }
            guard information.st_mode & S_IFMT == S_IFDIR else { throw .broken("\(path) is not a directory") }
            guard information.st_uid == geteuid() || geteuid() == 0 else {
                throw .broken(
                    "\(path) belongs to another user (uid \(information.st_uid)); run as that user or chown it")
            }
            guard information.st_mode & 0o022 == 0 else {
                throw .broken("\(path) can be written by others; chmod go-w \(path)")
            }
        }
    }

    /// True when a database is there.
    var isInitialised: Bool { access(directoryDatabase, F_OK) == 0 }
}

/// Removes a file; one that is not there is no error.
func removeFile(_ path: String) throws(StoreError) {
    guard unlink(path) == 0 || errno == ENOENT else {
        throw .unavailable("cannot remove \(path): \(lastSystemError())")
    }
}
