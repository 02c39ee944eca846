// Which version's schema each file of a data directory has, and a trial of what would bring it up to date.
//
// A trial works on a copy: what it says is what happened, scripts, checks and all, and the file itself is only read.

import Foundation
import GRDB
import Mail
import Schema

/// A database of a data directory, and the scripts that it lacks.
package struct SchemaState: Sendable {
    package let kind: DatabaseKind
    /// The last of the scripts that it has.
    package let schema: String
    /// Those that are to come.
    package let pending: [String]

    package var path: String { kind.path }
}

extension DataDirectory {
    /// The directory and every account's file, read without a change, and whether a server runs or not.
    /// - Throws: `.broken` for a file of a newer version, or with anything of somebody else's in it.
    package func schemas() throws(StoreError) -> [SchemaState] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: accounts)) ?? []
        let ids = names.filter { $0.hasSuffix(".db") }.compactMap { Int64($0.dropLast(3)) }.sorted()
        var states: [SchemaState] = []
        for kind in [.directory] + ids.map({ DatabaseKind.account(AccountID(rawValue: $0)) }) {
            states.append(try schema(of: kind))
        }
        return states
    }

    private func schema(of kind: DatabaseKind) throws(StoreError) -> SchemaState {
        let path = "\(root)/\(kind.path)"
        let lock = try FileLock(path: path + ".lock")
        do {
            var configuration = DatabaseFile.configuration()
            configuration.readonly = true
            let queue = try lock.withLock { try DatabaseQueue(path: path, configuration: configuration) }
            defer { try? lock.withLock { try queue.close() } }
            let steps = try queue.unsafeRead { db in
                try db.run("BEGIN DEFERRED")
                defer { try? db.run("COMMIT") }
                return try KnownSchemas.steps(of: db, kind, file: kind.path)
            }
            return SchemaState(
                kind: kind, schema: steps.last ?? "", pending: kind.steps.dropFirst(steps.count).map(\.name))
        } catch {
            throw StoreError(error, doing: "read \(path)")
        }
    }

    /// Brings a copy of a file up to date and checks it; the copy is gone afterwards.
    /// - Parameter place: a directory for the copy.
    /// - Returns: what is wrong with the result.
    package func tryMigration(of state: SchemaState, in place: String) async throws(StoreError) -> [String] {
        let copy = "\(place)/trial.db"
        defer { for suffix in ["", "-wal", "-shm", ".lock", "-journal"] { unlink(copy + suffix) } }
        _ = try OnlineCopy.make(of: "\(root)/\(state.path)", at: copy, unless: nil) { _ in }
        switch state.kind {
        case .directory:
            let directory = try Directory(path: copy)
            defer { directory.close() }
            return try await directory.file.read { try $0.directoryProblems() }
        case .account(let id):
            let account = try AccountStore(id: id, path: copy, readers: 1, compression: Compression())
            defer { account.close() }
            try await account.prepare()
            return try await account.checkIntegrity().problems
        }
    }
}
