// A database file that lies somewhere, looked at without trust and without a change: what `backup verify` and
// `restore` go by.

import Foundation
import GRDB

/// What a database file turned out to be.
package struct FileInspection: Sendable {
    /// The last script of its schema: `V008_words`.
    package let schema: String
    /// False for a file of an earlier version: its own rules are not looked at before it has migrated.
    package let isCurrent: Bool
    /// What is wrong with it.
    package var report: IntegrityReport
    /// Of `directory.db`: whose mail there is.
    package let accounts: [(id: AccountID, address: String)]

    /// Looks at a file that nobody writes to.
    /// - Parameter whole: also SQLite's own checks, and all that `martlet check` looks at; else its schema alone.
    /// - Throws: `.broken` when it is no database, none of ours, or of a newer version; then nothing of it was used.
    package static func inspect(
        _ path: String, as kind: DatabaseKind, whole: Bool = true
    ) throws(StoreError) -> FileInspection {
        do {
            try refuseLog(path)
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            return try queue.unsafeRead { db in
                try db.run("PRAGMA query_only = ON")
                try db.run("BEGIN DEFERRED")
                defer { try? db.run("COMMIT") }
                let steps = try KnownSchemas.steps(of: db, kind, file: path)
                return try FileInspection(db, kind, steps, whole)
            }
        } catch {
            throw StoreError(error, doing: "read \(path)")
        }
    }

    private init(_ db: Database, _ kind: DatabaseKind, _ steps: [String], _ whole: Bool) throws {
        schema = steps.last ?? ""
        isCurrent = steps.count == kind.steps.count
        report = IntegrityReport()
        accounts = try kind == .directory ? db.ownAddresses() : []
        report.accounts = accounts.count
        guard whole else { return }
        guard isCurrent else {
            report.problems = try db.structureProblems(in: kind.path)
            if case .account = kind { report.messages = try Int(db.count("SELECT count(*) FROM message")) }
            return
        }
        switch kind {
        case .directory: report.problems = try db.directoryProblems()
        case .account:
            report = try AccountReader(db: db, compression: Compression()).integrityReport(in: kind.path)
        }
    }

    /// A backup's file has no log, and says so in its header: what lay beside it would count as part of it.
    private static func refuseLog(_ path: String) throws {
        var facts = stat()
        guard lstat(path, &facts) == 0 else {
            throw StoreError.notFound(kind: "file", name: path)
        }
        guard facts.st_mode & S_IFMT == S_IFREG else { throw StoreError.broken("\(path) is no regular file") }
        for suffix in ["-wal", "-journal"] where access(path + suffix, F_OK) == 0 {
            throw StoreError.broken("\(path)\(suffix) lies beside it, which no backup has; it is not used")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else { throw StoreError.unavailable("cannot read \(path): \(lastSystemError())") }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: 20)
        guard pread(descriptor, &header, header.count, 0) == header.count,
            header.prefix(15).elementsEqual("SQLite format 3".utf8)
        else { throw StoreError.broken("\(path) is no SQLite database") }
        guard header[18] == 1, header[19] == 1 else {
            throw StoreError.broken("\(path) is in WAL mode, so it is no file of a backup")
        }
    }
}

extension Database {
    /// Whose mail there is, in every version of the directory.
    fileprivate func ownAddresses() throws -> [(id: AccountID, address: String)] {
        var found: [(id: AccountID, address: String)] = []
        try each(
            """
            SELECT account_id, text FROM address_target JOIN address ON address.id = address_id
            WHERE kind = 'account' ORDER BY account_id
            """
        ) { found.append((AccountID(rawValue: $0.int(0)), $0.text(1))) }
        return found
    }
}
