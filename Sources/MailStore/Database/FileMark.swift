// What a database file is known to hold, noted beside it: so that an older state of it is never taken for the newest.
//
// Theory. What was committed lies in two files, the database and its log, and SQLite cannot tell when one of them is
// missing or another's. A database that has lost its log, or has an older one, or an older copy in its place, is
// whole, and of last week: clients would be told that what came since was never there, and UIDs would be given
// twice. So after each commit a number that only grows, and that every change of the mail makes greater, is written
// into the file's lock file. Nobody waits for the disk: what the note tells of was on the disk before it, so that
// after a power cut there may be an older note, never one that is ahead. A file whose number is smaller than its
// note has lost something. Then it is not opened, since that would write the wrong log into it: whoever has the
// right files can still put them back. And a file says which account's it is (SQLite's application id), so that
// files and logs that were mixed up show nobody another's mail.

import Foundation
import GRDB

/// What a kind of file is known by.
struct FileNature: Sendable {
    /// Its number that only grows; no row counts as 0.
    let counter: StaticString
    /// The account whose it is; nil for a file that says nothing of that.
    var account: AccountID?
    /// Whether it becomes that account's, whoever's it was: a copy that was inspected.
    var isAdopted = false

    static let directory = FileNature(counter: "SELECT seq FROM sqlite_sequence WHERE name = 'audit'")

    static func account(_ id: AccountID, isAdopted: Bool = false) -> FileNature {
        FileNature(
            counter: "SELECT modseq FROM account_state WHERE id = 1", account: id, isAdopted: isAdopted)
    }

    /// As SQLite keeps it; 0 is nobody's.
    fileprivate var owner: Int64 { account.map { $0.rawValue & 0x7fff_ffff } ?? 0 }
}

/// The note: a line of text.
struct FileMark: Hashable, Sendable {
    static let length = 38

    let counter: Int64

    init(counter: Int64) { self.counter = max(0, counter) }

    /// nil for what is no note, or a damaged one.
    init?(line: [UInt8]) {
        let digits = line.dropFirst(8).prefix(20)
        guard let counter = Int64(String(decoding: digits, as: UTF8.self)), counter >= 0 else { return nil }
        self.counter = counter
        guard line == self.line else { return nil }
    }

    var line: [UInt8] {
        let digits = String(counter)
        let text = "counter \(String(repeating: "0", count: 20 - digits.count))\(digits)"
        let sum = String(Self.checksum(text.utf8), radix: 16)
        return Array("\(text) \(String(repeating: "0", count: 8 - sum.count))\(sum)\n".utf8)
    }

    /// FNV-1a.
    private static func checksum(_ text: String.UTF8View) -> UInt32 {
        text.reduce(0x811c_9dc5) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    }
}

extension FileLock {
    /// The note, nil when there is none. With the lock held, as `note`.
    var mark: FileMark? { FileMark(line: bytes(count: FileMark.length)) }

    /// What cannot be written is not noted: the note before it stays true.
    func note(_ mark: FileMark) { write(mark.line) }

    /// For a file that comes in the place of the one that the note was about.
    func forgetMark() { write([]) }
}

/// What a file lacks that it is known to have had.
struct LostState: Hashable, Sendable {
    /// In words.
    let problem: String
    /// The number of the note.
    let counter: Int64
}

extension DatabaseFile {
    /// Compares a file that is to be opened with its note. Writes nothing, and leaves its log as it is.
    /// - Returns: what it has lost; nil for nothing.
    /// - Throws: `.broken` for a file that is another account's.
    static func lostState(of path: String, _ nature: FileNature, _ mark: FileMark?) throws -> LostState? {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            guard errno == ENOENT else { throw StoreError.unavailable("cannot read \(path): \(lastSystemError())") }
            return mark.map { LostState(problem: "\(path) is gone; \(advice)", counter: $0.counter) }
        }
        guard facts.st_size > 0 || mark != nil else { return nil }
        let state = try state(of: path, nature)
        guard nature.isAdopted || nature.owner == 0 || state.owner == 0 || state.owner == nature.owner else {
            throw StoreError.broken(
                "\(path) is the file of account #\(state.owner), or \(path)-wal is the log of that one's; "
                    + "put the right files there")
        }
        guard let mark, state.counter < mark.counter else { return nil }
        return LostState(
            problem: "\(path) has lost changes that were acknowledged: it ends at number \(state.counter), and "
                + "\(mark.counter) was committed. Its log (\(path)-wal) is missing, damaged or another one, or an "
                + "older copy was put there; \(advice)", counter: mark.counter)
    }

    private static let advice = "put the right files there, or restore the account (\"martlet restore account\"); "
        + "\"martlet check --repair\" goes on with what there is"

    private static func state(of path: String, _ nature: FileNature) throws -> (owner: Int64, counter: Int64) {
        var configuration = configuration()
        configuration.readonly = true
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        return try queue.unsafeRead { db in (try db.count("PRAGMA application_id"), try counter(db, nature)) }
    }

    /// The file's number; 0 for one without tables.
    static func counter(_ db: Database, _ nature: FileNature) throws -> Int64 {
        do {
            return try db.count(nature.counter)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
            return 0
        }
    }

    /// Writes into the file whose it is, once.
    static func claim(_ db: Database, _ nature: FileNature) throws {
        guard nature.owner != 0, try db.count("PRAGMA application_id") != nature.owner else { return }
        // It takes no argument.
        try db.execute(sql: "PRAGMA application_id = " + String(nature.owner))
    }
}

/// A database's files as its connections have them open, by their inodes.
///
/// Whoever moves or removes one of them under the server would have what is committed from then on written where nobody
/// finds it. So it is asked before each write. What was committed before is safe: the last to close the file writes it
/// into the database, wherever that lies now.
struct OpenFiles: Sendable {
    private struct File {
        let path: String
        let device: dev_t
        let inode: ino_t
    }
    private let files: [File]

    init(of path: String) {
        files = ["", "-wal", "-shm"].compactMap { suffix in
            var facts = stat()
            guard stat(path + suffix, &facts) == 0 else { return nil }
            return File(path: path + suffix, device: facts.st_dev, inode: facts.st_ino)
        }
    }

    func requireInPlace() throws(StoreError) {
        for file in files {
            var facts = stat()
            guard stat(file.path, &facts) == 0 else {
                throw .broken(
                    "\(file.path) is not there any more (\(lastSystemError())), while it is in use; nothing is written "
                        + "until it is back or the server has been started again")
            }
            guard facts.st_ino == file.inode, facts.st_dev == file.device else {
                throw .broken(
                    "\(file.path) is another file than the one that is in use; nothing is written until that is back "
                        + "or the server has been started again")
            }
        }
    }
}
