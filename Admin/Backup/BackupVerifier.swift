// Whether a backup still is what was written: every byte, and what the databases hold.

internal import Foundation
internal import MailStore

struct BackupVerifier {
    let backup: BackupPlace.Backup

    struct Report: Codable, Sendable {
        let backup: String
        var isWhole: Bool
        var files = 0
        var messages = 0
        var sizeBytes: Int64 = 0
        var problems: [String] = []
    }

    /// Reads everything. `progress` is told of bytes.
    func run(progress: (Int64) throws -> Void = { _ in }) throws -> Report {
        var report = Report(backup: backup.path, isWhole: true)
        for file in backup.manifest.files {
            report.files += 1
            report.sizeBytes += file.sizeBytes
            do {
                try check(file, &report, progress)
            } catch {
                guard let failure = Failure(error) else { throw error }
                report.problems.append("\(file.path): \(failure)")
            }
        }
        report.problems += try strangers()
        report.isWhole = report.problems.isEmpty
        return report
    }

    private func check(
        _ file: BackupManifest.File, _ report: inout Report, _ progress: (Int64) throws -> Void
    ) throws {
        let path = "\(backup.path)/\(file.path)"
        guard !FileFacts.isSymbolicLink(path) else { throw Failure("it is a symbolic link, which no backup has") }
        guard FileFacts.exists(path) else { throw Failure("it is missing") }
        try BackupVerifier.require(try BackupBytes.digest(of: path, progress: progress), file)
        guard let kind = BackupManifest.kind(of: file) else { return }
        let inspection = try FileInspection.inspect(path, as: kind)
        report.messages += inspection.report.messages
        report.problems += inspection.report.problems
    }

    /// Refuses bytes that are not those of the manifest.
    static func require(_ digest: BackupBytes.Digest, _ file: BackupManifest.File) throws {
        guard digest.bytes == file.sizeBytes else {
            throw Failure("it has \(digest.bytes) bytes instead of \(file.sizeBytes)")
        }
        guard digest.sha256 == file.sha256 else {
            throw Failure("its bytes are not those that were written (its SHA-256 is another)")
        }
    }

    /// Files that the manifest does not name.
    private func strangers() throws -> [String] {
        let known = Set(backup.manifest.files.map(\.path))
            .union([BackupManifest.fileName, BackupManifest.sumsName, "accounts"])
        var found = try FileFacts.names(in: backup.path)
        if FileFacts.isDirectory("\(backup.path)/accounts") {
            found += try FileFacts.names(in: "\(backup.path)/accounts").map { "accounts/\($0)" }
        }
        return found.filter { !known.contains($0) }.map { "\($0): the manifest does not name it" }
    }
}
