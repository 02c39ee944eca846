// What every version of a file's schema looks like, so that a file from elsewhere is taken only if it is one of them.
//
// Theory. A database brings its own program: triggers and views run when its tables are used. So nothing is asked of a
// foreign file but `sqlite_schema`, which is the list of what is in it, until that list is word for word the one that
// our scripts make. The scripts of released versions never change, so each number of them makes one list.

import GRDB
import Schema

/// Which kind of file it is.
package enum DatabaseKind: Hashable, Sendable {
    case directory
    case account(AccountID)

    var steps: [SchemaStep] {
        switch self {
        case .directory: SchemaScripts.directory
        case .account: SchemaScripts.account
        }
    }

    /// Its path in a data directory, and in a backup.
    package var path: String {
        switch self {
        case .directory: "directory.db"
        case .account(let id): "accounts/\(id).db"
        }
    }
}

/// One thing that a database says is in it.
private struct SchemaEntry: Hashable {
    let type: String
    let name: String
    let table: String
    let sql: String
}

enum KnownSchemas {
    /// The scripts that made the file, as many as there are names of.
    /// - Throws: `.broken` for a file with anything in it that these scripts do not make, or that a newer version made.
    static func steps(of db: Database, _ kind: DatabaseKind, file: String) throws -> [String] {
        let steps = kind.steps
        let found = try entries(db)
        for (number, known) in try all(steps).enumerated() where known == found {
            let names = steps.prefix(number + 1).map(\.name)
            guard try applied(db) == names else {
                throw StoreError.broken("\(file) says that other scripts made its tables than those that did")
            }
            return names
        }
        throw StoreError.broken(try explanation(found, db, steps, file: file))
    }

    /// The lists after each script.
    private static func all(_ steps: [SchemaStep]) throws -> [Set<SchemaEntry>] {
        let scratch = try DatabaseQueue()
        let migrator = DatabaseFile.migrator(steps)
        return try steps.map { step in
            try migrator.migrate(scratch, upTo: step.name)
            return try scratch.unsafeRead(entries)
        }
    }

    private static func entries(_ db: Database) throws -> Set<SchemaEntry> {
        var found: Set<SchemaEntry> = []
        try db.each("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema") { row in
            found.insert(SchemaEntry(type: row.text(0), name: row.text(1), table: row.text(2), sql: row.text(3)))
        }
        return found
    }

    private static func applied(_ db: Database) throws -> [String] {
        var names: [String] = []
        try db.each("SELECT identifier FROM grdb_migrations ORDER BY identifier") { names.append($0.text(0)) }
        return names
    }

    private static func explanation(
        _ found: Set<SchemaEntry>, _ db: Database, _ steps: [SchemaStep], file: String
    ) throws -> String {
        // A plain table of that name can be read without running anything of the file's own.
        let list = found.first { $0.name == "grdb_migrations" }
        let isPlain = try all(Array(steps.prefix(1))).first?.contains { $0 == list } ?? false
        let newer = isPlain ? try applied(db).filter { name in !steps.contains { $0.name == name } } : []
        if let last = newer.last {
            return "\(file) was written by a newer version of Martlet (\(last)); this one does not know its schema"
        }
        let known = try all(steps).reduce(into: Set()) { $0.formUnion($1) }
        let odd = found.subtracting(known).map { "\($0.type) \($0.name)" }.sorted().prefix(3)
        let what = odd.isEmpty ? "parts of its schema are missing" : "it holds \(odd.joined(separator: ", "))"
        return "\(file) is no file as Martlet makes them: \(what); it is not used"
    }
}
