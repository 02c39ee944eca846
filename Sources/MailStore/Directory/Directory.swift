// `directory.db`: who has mail here. Settings, and what the nouns' own files (Domains, AccountRows, Aliases, …) share.

import GRDB
import Schema
import Synchronization

/// The directory of domains, accounts, addresses and credentials.
package final class Directory: Sendable {
    let file: DatabaseFile
    let hub = DirectoryHub()
    private let writer: Writer<DirectoryHub>

    init(
        path: String, acceptsLoss: Bool = false, patience: Duration = DatabaseFile.patience
    ) throws(StoreError) {
        file = try DatabaseFile(
            path: path, steps: SchemaScripts.directory, readers: 2, nature: .directory, acceptsLoss: acceptsLoss,
            patience: patience)
        writer = Writer(file: file, delegate: hub)
    }

    /// A change that the watchers must look at: of an account, a credential, a ban, a setting.
    func write<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await writer.perform { db, effects in
            effects.hasChanged = true
            return try work(db)
        }
    }

    /// A write that changes nothing for anybody's session: counters, history. Nobody is told, so that a flood of
    /// failed logins does not make every session look at its account again.
    func note<T: Sendable>(_ work: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
        try await writer.perform { db, _ in try work(db) }
    }

    /// A write that changes who may share something with whom.
    func writeShares(_ work: @escaping @Sendable (Database) throws -> Void) async throws(StoreError) {
        try await writer.perform { db, effects in
            effects.hasNewShares = true
            try work(db)
        }
    }

    /// A value that belongs to the whole installation; `hostname` is one.
    package func setting(_ key: String) async throws(StoreError) -> String? {
        try await file.read { db in try db.setting(key) }
    }

    /// - Parameter value: nil for the default.
    package func setSetting(_ key: String, _ value: String?, by actor: String) async throws(StoreError) {
        try await write { db in
            try db.set(key, value)
            try db.audit(actor, "setting.set", key, value ?? "default")
        }
    }

    /// Calls `notify` after each commit to the directory, also by another process; it must not block.
    package func watchChanges(_ notify: @escaping @Sendable () -> Void) -> Watch { hub.watchers.add(notify) }

    /// Calls `notify` when somebody may have begun to share something; it must not block.
    package func watchShares(_ notify: @escaping @Sendable () -> Void) -> Watch { hub.shareWatchers.add(notify) }

    func lookForExternalCommits() {
        if !hub.watchers.isEmpty || !hub.shareWatchers.isEmpty { writer.lookForExternalCommits() }
    }

    func close() { file.close() }
}

final class DirectoryEffects: WriteEffects {
    var hasChanged: Bool
    /// Stays after an operation was undone: whoever is told finds nothing new.
    var hasNewShares: Bool

    init(isExternal: Bool) {
        hasChanged = isExternal
        hasNewShares = isExternal
    }
    func mark() -> Bool { hasChanged }
    func undo(to mark: Bool) { hasChanged = mark }
}

extension Database {
    func setting(_ key: String) throws -> String? {
        try first("SELECT value FROM setting WHERE key = ?", .text(key)) { $0.text(0) }
    }

    func set(_ key: String, _ value: String?) throws {
        guard let value else { return try run("DELETE FROM setting WHERE key = ?", .text(key)) }
        try run(
            """
            INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value
            """, .text(key), .text(value))
    }
}

/// Tells the watchers of the directory after each commit.
final class DirectoryHub: WriterDelegate {
    private let changes = Atomic<UInt64>(0)
    let watchers = Watchers<Void>()
    let shareWatchers = Watchers<Void>()

    var version: DirectoryVersion { DirectoryVersion(count: changes.load(ordering: .sequentiallyConsistent)) }

    func began(_ db: Database, external: Bool) throws -> DirectoryEffects { DirectoryEffects(isExternal: external) }
    func committed(_ effects: DirectoryEffects) {
        if effects.hasChanged {
            changes.add(1, ordering: .sequentiallyConsistent)
            watchers.tell()
        }
        if effects.hasNewShares { shareWatchers.tell() }
    }
}
