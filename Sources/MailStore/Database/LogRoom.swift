// Room at the end of a write-ahead log, so that a commit writes over what is there and does not make the file longer.
//
// Theory. To make sure of a longer file the disk must also be told of its new blocks and its length, which about
// doubles the price of a small commit. So when SQLite has made the log longer, zeros are written behind its end, which
// it will write over: they cost once for many commits. To SQLite they are what is left of an older log: a frame counts
// by its salts and checksum. Once the log has the size at which it begins anew, nothing of this happens any more.
// Invariant: written behind the end of the file alone, and with the file's lock held, under which SQLite writes.

import Foundation
import Synchronization

/// Of one database file, in one process.
final class LogRoom: Sendable {
    /// So many bytes are added: as many as there are, within these bounds.
    static let growth = 64 * 1_024...1_024 * 1_024

    private let log: String
    /// The file's length as it was left.
    private let length = Mutex<Int64>(0)

    init(log: String) { self.log = log }

    /// The log's length at the last look.
    var size: Int64 { length.withLock { $0 } }

    /// Sees to it that there is room. Where it cannot, SQLite makes its own, or says what is wrong with the disk.
    func keep() {
        length.withLock { length in
            var status = stat()
            guard stat(log, &status) == 0, Int64(status.st_size) != length else { return }
            let end = Int64(status.st_size)
            guard end > 0 else { return length = 0 }
            let growth = min(max(end, Int64(Self.growth.lowerBound)), Int64(Self.growth.upperBound))
            length = end + Self.write(zeros: Int(growth), to: log, at: end)
        }
    }

    /// - Returns: how many were written.
    private static func write(zeros count: Int, to path: String, at end: Int64) -> Int64 {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        let zeros = [UInt8](repeating: 0, count: count)
        return max(0, Int64(pwrite(descriptor, zeros, count, off_t(end))))
    }
}
