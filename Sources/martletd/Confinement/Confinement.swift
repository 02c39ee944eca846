// The rights that the server gives up before it has a second thread, and the last ones once its ports are bound.
//
// Started as root it becomes the owner of the data directory: nothing else is needed to be told. Until its ports are
// bound it keeps the one right to ports below 1024, then none. Where the directory is root's own, it stays root and
// says so. Whoever it is, its memory is nobody's to look at, nothing that it executes gains rights, and it may touch
// what `Sandbox` says.

import Accounts
import CProcess
import Glibc

/// What was given up, for the log; and what is left to do.
struct Confinement {
    /// The version of Landlock's rules; nil: the kernel has none, or it was not wanted.
    let landlock: Int32?
    /// Root is still the saved user, until `complete`.
    private let mustComplete: Bool
    private let isSupervised: Bool
    private let isDebuggable: Bool

    /// Whether the whole process is root's, because the data directory is.
    var isRoot: Bool { geteuid() == 0 }

    /// In the process that will serve, with one thread.
    /// - Throws: `StartupError` when root cannot become the directory's owner.
    init(
        dataDirectory: String, configuration: ServerConfiguration, sandbox: Bool, isDebuggable: Bool, isSupervised: Bool
    ) throws {
        var owner = stat()
        let isThere = stat(dataDirectory, &owner) == 0
        mustComplete = geteuid() == 0 && isThere && owner.st_uid != 0
        self.isSupervised = isSupervised
        self.isDebuggable = isDebuggable
        if mustComplete, martlet_become(owner.st_uid, owner.st_gid) != 0 {
            throw StartupError(
                description: "cannot become the owner of \(dataDirectory) (uid \(owner.st_uid)): "
                    + String(cString: strerror(errno)))
        }
        // A change of the user has taken both back.
        Self.protect(isSupervised, isDebuggable)
        _ = martlet_no_new_rights()
        let rules = Sandbox(dataDirectory: dataDirectory, configuration: configuration)
        landlock = sandbox && isThere ? rules.enter() : nil
    }

    /// Once the ports are bound: nothing of root's is left, in any thread.
    /// - Throws: `StartupError`.
    func complete() throws {
        guard mustComplete else { return }
        guard martlet_become_for_good(geteuid()) == 0 else {
            throw StartupError(description: "cannot give up root's rights: \(String(cString: strerror(errno)))")
        }
        Self.protect(isSupervised, isDebuggable)
    }

    private static func protect(_ isSupervised: Bool, _ isDebuggable: Bool) {
        _ = martlet_dumpable(isDebuggable ? 1 : 0)
        if isSupervised { _ = martlet_die_with_parent() }
    }
}
