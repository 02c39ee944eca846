// What the file system says of a database file and its log: the same again means that nobody has written to them.
//
// Theory. Every commit and every checkpoint writes to one of the two files, and the kernel notes when: the time of the
// last change of a file's inode (ctime) is no program's to set. Of the log it is the time of the last write, since
// SQLite, when root runs it, sets the log's owner anew with each opening; nobody sets that time back. The state is
// taken with the file's lock held, under which all writing is done, so it belongs to exactly what is read then. What
// SQLite itself counts does not serve: the change counter in the header stands still in WAL mode, `data_version` means
// something to one connection only. The kernel's clock has a tick of some milliseconds, in which a second write would
// leave no trace: a state that is that young is not kept, and the file is copied once more than it had to be.

import Foundation

/// The state of a database file, as text that means nothing but itself.
package struct FileState: Hashable, Sendable {
    package let text: String

    package init(text: String) { self.text = text }

    /// nil when the file is not there, or was written to just now.
    package init?(of path: String) {
        guard let file = Self.facts(path) else { return nil }
        let log = Self.facts(path + "-wal")
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let youngest = max(file.st_ctim.tv_sec, log?.st_mtim.tv_sec ?? 0)
        guard youngest < now.tv_sec - Self.settlingSeconds else { return nil }
        text = "\(Self.text(file, at: file.st_ctim)) \(log.map { Self.text($0, at: $0.st_mtim) } ?? "-")"
    }

    private static let settlingSeconds = 2

    /// An empty log is none: to open a file makes one.
    private static func facts(_ path: String) -> stat? {
        var facts = stat()
        return stat(path, &facts) == 0 && facts.st_size > 0 ? facts : nil
    }

    private static func text(_ facts: stat, at time: timespec) -> String {
        "\(facts.st_ino):\(facts.st_size):\(time.tv_sec).\(time.tv_nsec)"
    }
}
