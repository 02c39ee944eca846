// Files as import and export need them: read and written in pieces, with the system's reason when that fails.

internal import Foundation
internal import Glibc

/// A file being read from its beginning. The descriptor is closed when the reader goes.
struct FilePieces {
    static let pieceSize = 128 * 1024

    let path: String
    private let handle: FileHandle

    init(path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { throw FileFacts.failure("read", path) }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard try FileFacts(path: path).kind == .file else { throw Failure("\(path) is no regular file") }
    }

    /// The next bytes, at most `pieceSize`; nil at the end.
    func next() throws -> [UInt8]? {
        do {
            guard let data = try handle.read(upToCount: FilePieces.pieceSize), !data.isEmpty else { return nil }
            return [UInt8](data)
        } catch {
            throw Failure("cannot read \(path): \(error.localizedDescription)")
        }
    }
}

/// A new file being written, 0600; fails when something of that name exists.
final class NewFile {
    let path: String
    private let handle: FileHandle

    init(path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw FileFacts.failure("create", path) }
        self.path = path
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ bytes: [UInt8]) throws {
        do { try handle.write(contentsOf: Data(bytes)) } catch { throw FileFacts.failure("write", path) }
    }

    /// Forces the bytes to the disk and closes.
    func close() throws {
        do {
            try handle.synchronize()
            try handle.close()
        } catch {
            throw FileFacts.failure("write", path)
        }
    }
}

/// What the file system says of a path.
struct FileFacts {
    enum Kind { case file, directory, other }

    let kind: Kind
    let size: Int64
    /// Last modification, seconds since 1970.
    let modified: Int64
    let owner: UInt32

    /// Follows symbolic links.
    init(path: String) throws {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw FileFacts.failure("read", path) }
        switch facts.st_mode & S_IFMT {
        case S_IFREG: kind = .file
        case S_IFDIR: kind = .directory
        default: kind = .other
        }
        size = Int64(facts.st_size)
        modified = Int64(facts.st_mtim.tv_sec)
        owner = facts.st_uid
    }

    static func exists(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0
    }

    static func isDirectory(_ path: String) -> Bool { (try? FileFacts(path: path))?.kind == .directory }

    static func isSymbolicLink(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFLNK
    }

    /// Names in a directory, sorted, without `.` and `..`.
    static func names(in directory: String) throws -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: directory).sorted() } catch {
            throw Failure("cannot list \(directory): \(error.localizedDescription)")
        }
    }

    /// Makes a directory that only its owner can use; its parent must exist.
    static func makeDirectory(_ path: String) throws {
        guard mkdir(path, 0o700) == 0 else { throw failure("create", path) }
    }

    /// With `errno` as the reason: to be called at once after the system call.
    static func failure(_ verb: String, _ path: String) -> Failure {
        let reason = errno
        if reason == ENOENT { return .notFound("cannot \(verb) \(path): there is no such file or directory") }
        // Root has become the data directory's owner by now, which surprises whoever typed as root.
        if reason == EACCES {
            return Failure("cannot \(verb) \(path): user \(StoreAccess.userName(geteuid())) may not; change its mode")
        }
        return Failure("cannot \(verb) \(path): \(String(cString: strerror(reason)))")
    }
}
