// Makes one backup: copies what has changed, links what has not, verifies what it has written, and only then names it.
//
// The directory comes first, and the accounts are those that it knows; each file is in a state of its own, of a moment
// after the start. So all that was acknowledged before the start is in the backup. No file is opened for writing, and
// none is migrated: a backup can be made by a new version before anything else is.

internal import Foundation
internal import MailStore

struct BackupMaker {
    let data: DataDirectory
    let place: BackupPlace
    /// Copies everything, whether it has changed or not.
    let isFull: Bool

    private let begun = Date()
    private var files: [BackupManifest.File] = []
    private var previous: BackupPlace.Backup?
    private var bar: ProgressBar
    private var done: Int64 = 0
    private(set) var report = Report()

    /// What was done.
    struct Report: Sendable {
        var backup = ""
        var manifest: BackupManifest?
        /// Paths that were copied, and their bytes.
        var copied: [String] = []
        var copiedBytes: Int64 = 0
        /// What is wrong with the data, or could not be copied.
        var problems: [String] = []
        var removed: [String] = []
        var kept = 0
    }

    init(data: DataDirectory, place: BackupPlace, isFull: Bool, showsProgress: Bool) throws {
        self.data = data
        self.place = place
        self.isFull = isFull
        bar = ProgressBar(total: try Self.size(of: data) * 2, isShown: showsProgress)
    }

    private var staging: String { "\(place.path)/\(BackupPlace.unfinished)" }

    /// Makes the backup.
    /// - Parameter keeping: how many backups are left when it has succeeded; nil for all.
    mutating func make(keeping: Int?) throws -> Report {
        defer { bar.finish() }
        try place.prepare(for: data.root)
        let lock = try DirectoryLock(making: staging)
        defer { lock.release() }
        try StagedDirectory.empty(staging)
        try place.clear()
        // One that cannot be read is no help, and no reason to make none.
        previous = try place.names().last.flatMap { try? BackupPlace.Backup(path: "\(place.path)/\($0)") }
        do {
            try requireRoom()
            try FileFacts.makeDirectory("\(staging)/accounts")
            try takeAll()
            try finish()
        } catch {
            try? StagedDirectory.remove(staging)
            throw error
        }
        if let keeping, report.problems.isEmpty { report.removed = try place.prune(keeping: keeping) }
        report.kept = try place.names().count
        return report
    }

    private mutating func takeAll() throws {
        guard let directory = try take(.directory, address: nil) else {
            throw Failure("\(data.directoryDatabase) cannot be copied: \(report.problems.joined(separator: "; "))")
        }
        for (id, address) in directory.accounts where FileFacts.exists(data.accountDatabase(id)) {
            _ = try take(.account(id), address: address)
        }
        if FileFacts.exists(data.configuration) {
            let path = BackupManifest.configurationPath
            let digest = try BackupBytes.copy(data.configuration, to: "\(staging)/\(path)")
            files.append(BackupManifest.File(path: path, sizeBytes: digest.bytes, sha256: digest.sha256))
        }
    }

    /// Copies a database, or links it where it is as it was. What is wrong with one account keeps none of the others
    /// out of the backup.
    /// - Returns: what it holds; nil when it is not in the backup.
    private mutating func take(_ kind: DatabaseKind, address: String?) throws -> FileInspection? {
        let target = "\(staging)/\(kind.path)"
        do {
            let known = reusable(kind.path)
            let taken = Date()
            let outcome = try OnlineCopy.make(
                of: "\(data.root)/\(kind.path)", at: target, unless: known?.state.map(FileState.init)
            ) { step($0) }
            if case .unchanged = outcome, var known, let previous {
                try link(previous, kind.path)
                // It may have another name now.
                known.address = address
                files.append(known)
                step(known.sizeBytes * 2)
                return kind == .directory ? try FileInspection.inspect(target, as: kind) : nil
            }
            let digest = try BackupBytes.writtenDigest(of: target) { step($0) }
            var file = BackupManifest.File(path: kind.path, sizeBytes: digest.bytes, sha256: digest.sha256)
            (file.taken, file.address) = (taken, address)
            if case .account(let id) = kind { file.account = id.rawValue }
            if case .copied(let state) = outcome { file.state = state?.text }
            let inspection = try inspect(target, kind, &file)
            if let known, let previous, known.sha256 == file.sha256, known.sizeBytes == file.sizeBytes {
                try StagedDirectory.remove(target)
                try link(previous, kind.path)
            } else {
                report.copied.append(kind.path)
                report.copiedBytes += digest.bytes
            }
            files.append(file)
            return inspection
        } catch {
            for suffix in ["", "-journal", "-wal", "-shm"] { try StagedDirectory.remove(target + suffix) }
            // Without room nothing else can be copied either.
            guard let failure = Failure(error), try BackupBytes.room(at: place.path) > Self.spareRoom else {
                throw error
            }
            let whose = address.map { " (\($0))" } ?? ""
            report.problems.append("\(kind.path)\(whose) is not in the backup: \(failure)")
            return nil
        }
    }

    /// A database that is damaged is kept as it is, since there is nothing better, and what is wrong is told.
    private mutating func inspect(
        _ target: String, _ kind: DatabaseKind, _ file: inout BackupManifest.File
    ) throws -> FileInspection {
        let inspection = try FileInspection.inspect(target, as: kind)
        file.schema = inspection.schema
        if file.account != nil { file.messages = inspection.report.messages }
        if !inspection.report.isClean { file.problems = inspection.report.problems }
        report.problems += inspection.report.problems
        return inspection
    }

    /// What the last backup has of a path, if all was well with it.
    private func reusable(_ path: String) -> BackupManifest.File? {
        guard !isFull, let previous, let file = previous.manifest.file(path), file.problems == nil,
            let facts = try? FileFacts(path: "\(previous.path)/\(path)"), facts.size == file.sizeBytes
        else { return nil }
        return file
    }

    private func link(_ previous: BackupPlace.Backup, _ path: String) throws {
        try BackupBytes.linkOrCopy("\(previous.path)/\(path)", to: "\(staging)/\(path)")
    }

    private mutating func finish() throws {
        let manifest = BackupManifest(
            format: BackupManifest.currentFormat, martlet: Martlet.version, begun: begun, ended: Date(), files: files)
        let text = Array((try Output.json(manifest) + "\n").utf8)
        try BackupBytes.write(text, to: "\(staging)/\(BackupManifest.fileName)")
        let own = try BackupBytes.digest(of: "\(staging)/\(BackupManifest.fileName)")
        let sums = files.map { ($0.sha256, $0.path) } + [(own.sha256, BackupManifest.fileName)]
        let lines = sums.map { "\($0)  \($1)\n" }.joined()
        try BackupBytes.write(Array(lines.utf8), to: "\(staging)/\(BackupManifest.sumsName)")
        for directory in ["\(staging)/accounts", staging] { try StagedDirectory.synchronize(directory) }
        let name = BackupPlace.name(for: begun) { FileFacts.exists("\(place.path)/\($0)") }
        try StagedDirectory.rename(staging, to: "\(place.path)/\(name)")
        report.backup = "\(place.path)/\(name)"
        report.manifest = manifest
    }

    private mutating func step(_ bytes: Int64) {
        done += bytes
        bar.update(done: done, messages: nil)
    }

    // MARK: Room

    private static let spareRoom: Int64 = 16 << 20

    private static func size(of data: DataDirectory) throws -> Int64 {
        let accounts = try FileFacts.names(in: data.accounts).filter { $0.hasSuffix(".db") }
        return (accounts.map { "\(data.accounts)/\($0)" } + [data.directoryDatabase]).reduce(0) { sum, path in
            sum + ((try? FileFacts(path: path).size) ?? 0) + ((try? FileFacts(path: "\(path)-wal").size) ?? 0)
        }
    }

    /// Refuses to begin what cannot be ended. What has not changed, as far as that can be seen already, takes no room.
    private func requireRoom() throws {
        let unchanged = (previous?.manifest.files ?? []).reduce(Int64(0)) { sum, file in
            guard let known = reusable(file.path), let state = known.state.map(FileState.init),
                state == FileState(of: "\(data.root)/\(file.path)")
            else { return sum }
            return sum + known.sizeBytes
        }
        let needed = try Self.size(of: data) - unchanged + Self.spareRoom
        let room = try BackupBytes.room(at: place.path)
        guard room >= needed else {
            throw Failure(
                "there is no room for a backup in \(place.path): \(ByteCount(room).text) are free, "
                    + "\(ByteCount(needed).text) are needed. Nothing was changed.")
        }
    }
}
