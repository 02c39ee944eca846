// A data directory made from a backup: whole, checked and of this version's schema before it gets its name.
//
// A backup may have been in other hands. Each file is copied first and looked at where nobody else can change it any
// more; its bytes must be those of the manifest, and its schema one of ours, before anything opens it for use.

internal import Foundation
internal import MailStore

struct WholeRestore {
    let backup: BackupPlace.Backup
    let keys: KeyBundle?

    struct Report: Sendable {
        var accounts = 0
        var messages = 0
        /// What is wrong with what was restored.
        var problems: [String] = []
        /// What stands in keys/ and tls/ now.
        var keys: [String] = []
        var hasOwnCertificate = false
    }

    /// Makes the data directory where there is none, or an empty directory.
    func run(into path: String, progress: (Int64) throws -> Void) async throws -> Report {
        try InitCommand.checkTarget(path)
        try StoreAccess.becomeOwner(of: path)
        try requireRoom(at: FileFacts.exists(path) ? path : URL(fileURLWithPath: path).deletingLastPathComponent().path)
        return try await InitCommand.place(path).make { staging in try await fill(staging, progress) }
    }

    private func fill(_ staging: String, _ progress: (Int64) throws -> Void) async throws -> Report {
        let layout = DataDirectory(staging)
        try layout.create()
        for file in backup.manifest.files {
            try WholeRestore.take(file, of: backup, to: "\(staging)/\(file.path)", progress)
        }
        try keys?.write(to: staging)
        for folder in [layout.accounts, layout.keys, layout.tls] { try StagedDirectory.synchronize(folder) }
        let store = try await Store.open(at: staging, exclusive: false, logger: StoreAccess.logger())
        return try await StoreAccess.finish(store) { store in
            var report = Report()
            try await store.directory.moveNumbersAhead()
            for account in backup.manifest.accounts.compactMap(\.account) {
                try await store.account(AccountID(rawValue: account))
                    .moveNumbersAhead(secondsSinceBackup: backup.age)
            }
            try await makeCertificate(store, &report)
            try await store.directory.audit(
                "restore", subject: "everything", detail: backup.name, by: StoreAccess.actor())
            let found = try await store.checkIntegrity()
            (report.accounts, report.messages, report.problems) = (found.accounts, found.messages, found.problems)
            report.keys = try KeyBundle.paths(in: layout)
            return report
        }
    }

    /// Copies a file of a backup, and makes sure that it is what the manifest says, and no other program's.
    static func take(
        _ file: BackupManifest.File, of backup: BackupPlace.Backup, to target: String,
        _ progress: (Int64) throws -> Void = { _ in }
    ) throws {
        let source = "\(backup.path)/\(file.path)"
        do {
            try BackupVerifier.require(try BackupBytes.copy(source, to: target, progress: progress), file)
            if let kind = BackupManifest.kind(of: file) {
                _ = try FileInspection.inspect(target, as: kind, whole: false)
            }
        } catch {
            guard let failure = Failure(error) else { throw error }
            throw Failure("\(source) is not restored: \(failure)")
        }
    }

    /// The server does not start without a certificate.
    private func makeCertificate(_ store: Store, _ report: inout Report) async throws {
        guard !FileFacts.exists(store.layout.tlsCertificate), !FileFacts.exists(store.layout.tlsKey) else { return }
        let pair = try InitCommand.selfSigned(try await store.directory.setting("hostname") ?? "localhost")
        try BackupBytes.write(pair.certificate, to: store.layout.tlsCertificate)
        try BackupBytes.write(pair.key, to: store.layout.tlsKey)
        report.hasOwnCertificate = true
    }

    private func requireRoom(at path: String) throws {
        let (room, needed) = (try BackupBytes.room(at: path), backup.manifest.sizeBytes)
        guard room > needed else {
            throw Failure(
                "there is no room in \(path): \(ByteCount(room).text) are free, \(ByteCount(needed).text) are needed. "
                    + "Nothing was changed.")
        }
    }
}
