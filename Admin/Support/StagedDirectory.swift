// A directory that comes into being whole or not at all: it is made under another name, and gets its own at the end.
//
// Where there is nothing yet, a hidden sibling takes the place's name by one rename. In an empty directory that is
// there already (its parent may not be ours to write in, or it may be a mount point) everything is made in a hidden
// folder and moved up, the file that makes it count last. What a killed attempt leaves has a name that nobody else
// uses; the next attempt finds it, locks it and clears it away.

internal import Foundation
internal import Glibc

struct StagedDirectory {
    /// Where the directory is to be.
    let path: String
    /// The name within it whose presence means that it is whole.
    let mark: String
    /// The names that may stand in it, `mark` included: what is cleared away behind a killed attempt.
    let names: Set<String>

    private static let folder = ".martlet-init"

    private var exists: Bool { FileFacts.exists(path) }

    /// Where the making happens.
    private func staging(inside: Bool) -> String {
        let url = URL(fileURLWithPath: path)
        return inside
            ? "\(path)/\(Self.folder)"
            : url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent)\(Self.folder)").path
    }

    /// Whether all that is in the directory is what a killed attempt left.
    func holdsOnlyLeavings() throws -> Bool {
        let found = try FileFacts.names(in: path)
        return found.isEmpty
            || found.contains(Self.folder) && !found.contains(mark)
                && found.allSatisfy(names.union([Self.folder]).contains)
    }

    /// Lets `work` fill a directory whose path it is given, then puts it in its place. When `work` throws, or the place
    /// was taken meanwhile, everything that was made is removed again.
    func make<Result>(_ work: (String) async throws -> Result) async throws -> Result {
        let isInside = exists
        let staging = staging(inside: isInside)
        let lock = try DirectoryLock(making: staging)
        defer { lock.release() }
        do {
            if isInside {
                guard try holdsOnlyLeavings() else { throw Failure("\(path) is not empty; nothing was changed") }
                for name in names { try Self.remove("\(path)/\(name)") }
            }
            try Self.empty(staging)
            let result = try await work(staging)
            try isInside ? moveUp(from: staging) : Self.rename(staging, to: path)
            return result
        } catch {
            try? Self.remove(staging)
            if isInside, !FileFacts.exists("\(path)/\(mark)") {
                for name in names { try? Self.remove("\(path)/\(name)") }
            }
            throw error
        }
    }

    /// Gives a directory that is whole its name, durably.
    static func rename(_ staging: String, to path: String) throws {
        try synchronize(staging)
        guard Glibc.rename(staging, path) == 0 else { throw FileFacts.failure("create", path) }
        try synchronize(URL(fileURLWithPath: path).deletingLastPathComponent().path)
    }

    private func moveUp(from staging: String) throws {
        let found = try FileFacts.names(in: staging)
        for name in found.filter({ $0 != mark }) + found.filter({ $0 == mark }) {
            if name == mark { try Self.synchronize(path) }
            guard Glibc.rename("\(staging)/\(name)", "\(path)/\(name)") == 0 else {
                throw FileFacts.failure("create", "\(path)/\(name)")
            }
        }
        guard rmdir(staging) == 0 else { throw FileFacts.failure("remove", staging) }
        try Self.synchronize(path)
    }

    /// Removes what is in a directory.
    static func empty(_ path: String) throws {
        for name in try FileFacts.names(in: path) { try remove("\(path)/\(name)") }
    }

    static func remove(_ path: String) throws {
        guard FileFacts.exists(path) else { return }
        do { try FileManager.default.removeItem(atPath: path) } catch {
            throw Failure("cannot remove \(path), which an interrupted command left: \(error.localizedDescription)")
        }
    }

    /// Forces a directory's entries to the disk.
    static func synchronize(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFacts.failure("read", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFacts.failure("write", path) }
    }
}

/// The lock of a directory: who has it is the one who makes what is in it. It ends with the process at the latest.
struct DirectoryLock {
    private let descriptor: Int32

    /// Makes the directory unless it is there.
    init(making path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw FileFacts.failure("create", path) }
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw FileFacts.failure("read", path) }
        var (held, named) = (stat(), stat())
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &held) == 0,
            stat(path, &named) == 0, held.st_ino == named.st_ino
        else {
            close(descriptor)
            throw Failure("another command is making this directory now (it has \(path)); nothing was changed")
        }
    }

    func release() { close(descriptor) }
}
