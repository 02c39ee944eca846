// Where backups are kept: one directory for each, named after its time, whole by itself and never changed afterwards.
//
// A backup comes into being as `.unfinished` and gets its name by one rename when all of it is on disk and verified:
// whatever kills the making leaves the earlier backups as they were, and the next one clears `.unfinished` away. Files
// that have not changed are hard links to the earlier backup's.

internal import Foundation
internal import Glibc

struct BackupPlace: Sendable {
    static let unfinished = ".unfinished"
    /// A backup on its way out: no longer one, not yet gone.
    private static let removing = ".removing"
    /// What a file system has at its root.
    private static let ignored: Set<String> = ["lost+found"]

    let path: String

    init(_ path: String) { self.path = URL(fileURLWithPath: path).standardizedFileURL.path }

    /// A finished backup.
    struct Backup: Sendable {
        let path: String
        let manifest: BackupManifest

        /// In seconds.
        var age: Int64 { Int64(max(0, Date().timeIntervalSince(manifest.begun))) }

        var name: String { URL(fileURLWithPath: path).lastPathComponent }

        init(path: String) throws {
            self.path = path
            manifest = try BackupManifest.read(in: path)
        }
    }

    /// The names of the finished ones, the oldest first.
    func names() throws -> [String] {
        try FileFacts.names(in: path).filter(BackupPlace.isName)
    }

    /// `2027-01-31T17-05-00Z`, of a second one in the same second with `-2`.
    static func name(for moment: Date, taken: (String) -> Bool) -> String {
        let name = moment.formatted(.iso8601).replacing(":", with: "-")
        var (number, chosen) = (1, name)
        while taken(chosen) {
            number += 1
            chosen = "\(name)-\(number)"
        }
        return chosen
    }

    static func isName(_ name: String) -> Bool {
        name.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(?:-\d+)?/) != nil
    }

    /// The backup that lies at a path, or the newest of those that do.
    static func find(_ path: String) throws -> Backup {
        let place = BackupPlace(path)
        guard FileFacts.isDirectory(place.path) else { throw Failure.notFound("there is no directory \(place.path)") }
        if FileFacts.exists("\(place.path)/\(BackupManifest.fileName)") { return try Backup(path: place.path) }
        guard let newest = try place.names().last else {
            throw Failure.notFound("there is no backup in \(place.path) (no directory with a manifest.json)")
        }
        return try Backup(path: "\(place.path)/\(newest)")
    }

    /// Refuses a place that holds something else, or lies within what is to be backed up; makes one that is missing.
    func prepare(for data: String) throws {
        if !FileFacts.exists(path) {
            try refuseWithin(data, URL(fileURLWithPath: path).deletingLastPathComponent().path)
            try FileFacts.makeDirectory(path)
        }
        guard FileFacts.isDirectory(path) else { throw Failure("\(path) is no directory") }
        try refuseWithin(data, path)
        let strange = try FileFacts.names(in: path).first { name in
            !BackupPlace.isName(name) && !BackupPlace.ignored.contains(name) && name != BackupPlace.unfinished
                && !name.hasPrefix(BackupPlace.removing)
        }
        if let strange {
            throw Failure(
                "\(path) holds \"\(strange)\", which is no backup. Choose a new or an empty directory for the backups.")
        }
    }

    private func refuseWithin(_ data: String, _ place: String) throws {
        guard let (data, place) = BackupPlace.real(data, place) else { return }
        guard place != data, !place.hasPrefix(data + "/") else {
            throw Failure("\(path) lies in the data directory itself; a backup belongs on another disk")
        }
    }

    /// Both paths without symbolic links.
    private static func real(_ first: String, _ second: String) -> (String, String)? {
        let paths = [first, second].map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
        return (paths[0], paths[1])
    }

    /// Removes all but the newest.
    /// - Returns: the names of those that are gone.
    func prune(keeping count: Int) throws -> [String] {
        let gone = try names().dropLast(count)
        for name in gone {
            let removing = "\(path)/\(BackupPlace.removing)-\(name)"
            guard rename("\(path)/\(name)", removing) == 0 else { throw FileFacts.failure("remove", "\(path)/\(name)") }
        }
        try clear()
        return Array(gone)
    }

    /// Removes what a killed command left.
    func clear() throws {
        for name in try FileFacts.names(in: path) where name.hasPrefix(BackupPlace.removing) {
            try FileManager.default.removeItem(atPath: "\(path)/\(name)")
        }
    }
}
