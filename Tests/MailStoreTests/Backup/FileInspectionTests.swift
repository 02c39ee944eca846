// Files from elsewhere: ours of every version are known, and everything else is refused before it is used.

import Foundation
import GRDB
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct FileInspectionTests {
    static let kinds: [DatabaseKind] = [.directory, .account(AccountID(rawValue: 1))]

    /// Makes a file with the first scripts of its kind, as a backup has it, and gives it to `test`.
    private func with(
        _ kind: DatabaseKind, scripts: Int? = nil, _ test: (_ path: String) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/martlet-inspection-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let steps = Array(kind.steps.prefix(scripts ?? kind.steps.count))
        try DatabaseFile(path: folder + "/live.db", steps: steps, readers: 1).close()
        _ = try OnlineCopy.make(of: folder + "/live.db", at: folder + "/copy.db", unless: nil) { _ in }
        try test(folder + "/copy.db")
    }

    @Test(arguments: kinds)
    func everyReleasedSchemaIsKnown(kind: DatabaseKind) throws {
        for (number, step) in kind.steps.enumerated() {
            try with(kind, scripts: number + 1) { path in
                let found = try FileInspection.inspect(path, as: kind)
                #expect(found.schema == step.name && found.isCurrent == (number + 1 == kind.steps.count))
                // INBOX is made when an account is first opened.
                #expect(found.report.problems.allSatisfy { $0.hasSuffix("not so for INBOX") })
            }
        }
    }

    @Test(
        "case 176: a schema with anything of somebody else's in it is refused",
        arguments: kinds,
        [
            "CREATE TRIGGER t AFTER INSERT ON grdb_migrations BEGIN DELETE FROM grdb_migrations; END",
            "CREATE VIEW v AS SELECT 1", "CREATE TABLE more (x)", "CREATE INDEX more ON grdb_migrations (identifier)",
            "ALTER TABLE grdb_migrations ADD COLUMN x", "DELETE FROM grdb_migrations WHERE identifier > 'V002'",
            "DROP TABLE grdb_migrations",
            "DROP TABLE grdb_migrations; CREATE VIEW grdb_migrations AS WITH RECURSIVE n (identifier) AS "
                + "(SELECT 1 UNION ALL SELECT identifier FROM n) SELECT identifier FROM n",
        ])
    func strangersAreRefused(kind: DatabaseKind, sql: String) throws {
        try with(kind) { path in
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
            try queue.close()
            let error = #expect(throws: StoreError.self) { try FileInspection.inspect(path, as: kind) }
            guard case .broken = error else { throw error ?? .messageGone }
        }
    }

    @Test("case 167: a newer schema is refused as that", arguments: kinds)
    func newerSchemaIsRefused(kind: DatabaseKind) throws {
        try with(kind) { path in
            let queue = try DatabaseQueue(path: path)
            try queue.writeWithoutTransaction { db in
                try db.execute(sql: "CREATE TABLE news (x); INSERT INTO grdb_migrations VALUES ('V999_news')")
            }
            try queue.close()
            let error = #expect(throws: StoreError.self) { try FileInspection.inspect(path, as: kind) }
            #expect(error?.explanation.contains("newer version of Martlet (V999_news)") == true)
        }
    }

    @Test func whatIsNoFileOfABackupIsRefused() throws {
        let kind = DatabaseKind.directory
        try with(kind) { path in
            let wal = try DatabaseQueue(path: path)
            try wal.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode=WAL") }
            try wal.close()
            #expect(throws: StoreError.self) { try FileInspection.inspect(path, as: kind) }
        }
        try with(kind) { path in
            try Data("x".utf8).write(to: URL(fileURLWithPath: path + "-journal"))
            #expect(throws: StoreError.self) { try FileInspection.inspect(path, as: kind) }
        }
        try with(kind) { path in
            try FileManager.default.createSymbolicLink(atPath: path + ".link", withDestinationPath: path)
            #expect(throws: StoreError.self) { try FileInspection.inspect(path + ".link", as: kind) }
            try Data("no database".utf8).write(to: URL(fileURLWithPath: path))
            #expect(throws: StoreError.self) { try FileInspection.inspect(path, as: kind) }
            #expect(throws: StoreError.self) { try FileInspection.inspect(path + ".none", as: kind) }
        }
        // A directory is no account.
        try with(kind) { path in
            #expect(throws: StoreError.self) {
                try FileInspection.inspect(path, as: .account(AccountID(rawValue: 1)))
            }
        }
    }
}
