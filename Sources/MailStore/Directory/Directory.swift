// `directory.db`: who has mail here. Settings, and what the nouns' own files (Domains, AccountRows, Aliases, …) share.

import GRDB
import Schema

/// The directory of domains, accounts, addresses and credentials.
package final class Directory: Sendable {
    let file: DatabaseFile
    private let hub = DirectoryHub()
    private let writer: Writer<DirectoryHub>

    init(path: String) throws(StoreError) {
        file = try DatabaseFile(path: path, steps: SchemaScripts.directory, readers: 2)
        writer = Writer(file: file, delegate: hub)
    }

    func write<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await writer.perform { db, effects in
            effects.hasChanged = true
            return try work(db)
        }
    }

    /// A value that belongs to the whole installation; `hostname` is one.
    package func setting(_ key: String) async throws(StoreError) -> String? {
        try await file.read { db in
            try db.first("SELECT value FROM setting WHERE key = ?", .text(key)) { $0.text(0) }
        }
    }

    package func setSetting(_ key: String, _ value: String) async throws(StoreError) {
        try await write { db in
            try db.run(
                "INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                .text(key), .text(value))
        }
    }

    /// Calls `notify` after each commit to the directory, also by another process; it must not block.
    package func watchChanges(_ notify: @escaping @Sendable () -> Void) -> Watch { hub.watchers.add(notify) }

    /// The newest entries of the audit trail, newest first.
    package func audit(limit: Int = 100) async throws(StoreError) -> [AuditRecord] {
        try await file.read { db in
            var all: [AuditRecord] = []
            try db.each(
                "SELECT time, actor, action, subject, detail FROM audit ORDER BY id DESC LIMIT ?", .int(limit)
            ) { row in
                all.append(
                    AuditRecord(
                        time: row.int(0), actor: row.text(1), action: row.text(2), subject: row.text(3),
                        detail: row.text(4)))
            }
            return all
        }
    }

    func lookForExternalCommits() {
        if !hub.watchers.isEmpty { writer.lookForExternalCommits() }
    }

    func close() { file.close() }
}

extension Database {
    /// Writes a line of the audit trail, in the transaction of the change itself.
    func audit(_ actor: String, _ action: String, _ subject: String, _ detail: String = "") throws {
        try run(
            "INSERT INTO audit (time, actor, action, subject, detail) VALUES (?, ?, ?, ?, ?)", .int(currentSeconds()),
            .text(actor), .text(action), .text(subject), .text(detail))
    }
}

struct DirectoryEffects {
    var hasChanged: Bool
}

/// Tells the watchers of the directory after each commit.
final class DirectoryHub: WriterDelegate {
    let watchers = Watchers()

    func began(_ db: Database, external: Bool) throws -> DirectoryEffects { DirectoryEffects(hasChanged: external) }
    func mark(_ effects: DirectoryEffects) -> DirectoryEffects { effects }
    func committed(_ effects: DirectoryEffects) {
        if effects.hasChanged { watchers.tell() }
    }
}
