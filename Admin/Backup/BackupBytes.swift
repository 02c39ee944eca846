// Bytes of a backup on their way: digests of what the disk holds, copies, links, and whether there is room.

internal import Foundation
internal import Glibc
internal import Mail
internal import MailCrypto

enum BackupBytes {
    /// What a file's bytes are.
    struct Digest: Equatable, Sendable {
        let bytes: Int64
        let sha256: String
    }

    static func digest(of path: String, progress: (Int64) throws -> Void = { _ in }) throws -> Digest {
        try read(path, progress) { _ in }
    }

    /// The digest of a file that was just written, as memory has it and again as the disk does.
    static func writtenDigest(of path: String, progress: (Int64) throws -> Void) throws -> Digest {
        let written = try digest(of: path)
        try forget(path)
        guard try digest(of: path, progress: progress) == written else {
            throw Failure("\(path) is not on disk as it was written; the disk or its memory is bad")
        }
        return written
    }

    /// Copies a file to where nothing is yet, durably.
    static func copy(
        _ source: String, to target: String, progress: (Int64) throws -> Void = { _ in }
    ) throws -> Digest {
        guard !FileFacts.isSymbolicLink(source) else {
            throw Failure("\(source) is a symbolic link, which is not followed")
        }
        let file = try NewFile(path: target)
        let digest = try read(source, progress) { try file.write($0) }
        try file.close()
        return digest
    }

    /// The same file under another name, or where the file system has no such thing, a copy.
    static func linkOrCopy(_ source: String, to target: String) throws {
        guard link(source, target) != 0 else { return }
        guard [EXDEV, EPERM, EMLINK, EOPNOTSUPP].contains(errno) else { throw FileFacts.failure("create", target) }
        _ = try copy(source, to: target)
    }

    private static func read(
        _ path: String, _ progress: (Int64) throws -> Void, _ take: ([UInt8]) throws -> Void
    ) throws -> Digest {
        let pieces = try FilePieces(path: path)
        let sum = try SHA256()
        var bytes: Int64 = 0
        while let piece = try pieces.next() {
            try sum.update(piece)
            try take(piece)
            bytes += Int64(piece.count)
            try progress(Int64(piece.count))
        }
        return Digest(bytes: bytes, sha256: Hexadecimal.text(of: try sum.finalize()))
    }

    /// Lets the system forget what it has of a file in memory, so that it is read from the disk. Where it does not, it
    /// is read from memory.
    private static func forget(_ path: String) throws {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFacts.failure("read", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileFacts.failure("write", path) }
        _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
    }

    /// Bytes that may still be written on the path's file system.
    static func room(at path: String) throws -> Int64 {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { throw FileFacts.failure("look at", path) }
        let (bytes, isMore) = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        return isMore ? .max : Int64(clamping: bytes)
    }

    /// Writes a small file durably.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try NewFile(path: path)
        try file.write(bytes)
        try file.close()
    }
}
