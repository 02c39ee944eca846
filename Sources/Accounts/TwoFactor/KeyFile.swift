// Key files: 32 random bytes in `keys/`, made once, readable by the server's user alone, never written again.
//
// Theory. What is sealed with a key is lost with it, so a file that is there is never touched, and one that is missing
// while something was sealed with it is not replaced: both are errors for a person to mend. A new key is written beside
// its place, made durable, and linked into place, which fails when somebody else was quicker; so no reader ever sees
// half a key, and two makers end with one.

internal import Foundation
package import MailCrypto

/// A file that holds a key.
package struct KeyFile: Sendable {
    package let path: String

    package init(path: String) { self.path = path }

    package enum Problem: Error, Hashable, Sendable {
        case missing(path: String)
        case unusable(path: String, reason: String)

        package var explanation: String {
            switch self {
            case .missing(let path):
                "the key file \(path) is missing; put it back from a backup, for what was sealed with it cannot be "
                    + "opened without it (where there is no backup, every account's TOTP must be reset)"
            case .unusable(let path, let reason): "the key file \(path) cannot be used: \(reason)"
            }
        }
    }

    /// The key.
    /// - Throws: `.missing`; `.unusable` for a file that others may read, or that holds no key.
    package func load() throws(Problem) -> SealingKey {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { throw .missing(path: path) }
            throw .unusable(path: path, reason: Self.systemError())
        }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw .unusable(path: path, reason: Self.systemError()) }
        guard information.st_mode & S_IFMT == S_IFREG else { throw .unusable(path: path, reason: "it is no file") }
        guard information.st_mode & 0o077 == 0 else {
            throw .unusable(path: path, reason: "others may read or write it; chmod 600 it, and consider it known")
        }
        var bytes = [UInt8](repeating: 0, count: SealingKey.length + 1)
        let count = read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .unusable(path: path, reason: Self.systemError()) }
        guard count == SealingKey.length, let key = SealingKey(Array(bytes.prefix(count))) else {
            let found = count > SealingKey.length ? "more" : "\(count)"
            throw .unusable(
                path: path,
                reason: "it must hold \(SealingKey.length) random bytes and holds \(found), or nothing but zeros; put "
                    + "it back from a backup")
        }
        return key
    }

    /// The key, made when there is none.
    package func loadOrMake() throws(Problem) -> SealingKey {
        do { return try load() } catch {
            guard case .missing = error else { throw error }
        }
        try make()
        return try load()
    }

    /// Puts a fresh key in its place, unless something is there.
    private func make() throws(Problem) {
        let bytes: [UInt8]
        do { bytes = try SealingKey.make().rawBytes } catch { throw .unusable(path: path, reason: "\(error)") }
        let fresh = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max))"
        let descriptor = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: Self.systemError()) }
        defer { unlink(fresh) }
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        let reason = Self.systemError()
        close(descriptor)
        guard isWritten else { throw .unusable(path: path, reason: reason) }
        guard link(fresh, path) == 0 || errno == EEXIST else {
            throw .unusable(path: path, reason: Self.systemError())
        }
        try syncFolder()
    }

    private func syncFolder() throws(Problem) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: Self.systemError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unusable(path: path, reason: Self.systemError()) }
    }

    private static func systemError() -> String { String(cString: strerror(errno)) }
}
