// One account of a backup, copied into the data directory and opened there: what parts of it are restored from.
//
// The copy is what is looked at and what is opened: nobody can change it any more, a backup of an earlier version is
// brought up to date in it, and the backup itself is never opened for writing.

internal import Foundation
internal import Mail
internal import MailStore

struct AccountSource {
    let backup: BackupPlace.Backup
    let file: BackupManifest.File
    let id: AccountID
    /// As the backup's directory has it.
    let stored: StoredAccount
    /// The copy, in the data directory.
    let path: String

    /// Finds the account by its address then, copies its file and lets `work` use it; the copy is gone afterwards.
    static func with<Result>(
        _ address: String, in backup: BackupPlace.Backup, _ store: Store,
        _ work: (AccountSource) async throws -> Result
    ) async throws -> Result {
        let wanted = try EmailAddress(address)
        let copies = "\(store.layout.temporary)/restore"
        let lock = try DirectoryLock(making: copies)
        defer {
            try? StagedDirectory.remove(copies)
            lock.release()
        }
        // What a killed command left.
        try StagedDirectory.empty(copies)
        let stored = try await account(wanted, in: backup, copies)
        guard let file = backup.manifest.accounts.first(where: { $0.account == stored.id.rawValue }) else {
            throw Failure.notFound("\(backup.path) has no mail of \(wanted): there was none, or it could not be copied")
        }
        try requireRoom(file, store)
        let path = "\(copies)/account.db"
        try WholeRestore.take(file, of: backup, to: path)
        return try await work(
            AccountSource(backup: backup, file: file, id: stored.id, stored: stored, path: path))
    }

    private static func account(
        _ address: EmailAddress, in backup: BackupPlace.Backup, _ copies: String
    ) async throws -> StoredAccount {
        guard let file = backup.manifest.file(BackupManifest.directoryPath) else {
            throw Failure("\(backup.path) has no \(BackupManifest.directoryPath)")
        }
        let path = "\(copies)/directory.db"
        try WholeRestore.take(file, of: backup, to: path)
        let directory = try Directory.openCopy(path)
        defer { directory.closeCopy() }
        guard let record = try await directory.account(address: address),
            let stored = try await directory.stored(record.id)
        else {
            let known = try await directory.accounts().map(\.address.description).joined(separator: ", ")
            throw Failure.notFound(
                "\(backup.path) knows no account \(address); it has \(known.isEmpty ? "none" : known)")
        }
        return stored
    }

    private static func requireRoom(_ file: BackupManifest.File, _ store: Store) throws {
        let room = try BackupBytes.room(at: store.layout.temporary)
        guard room > file.sizeBytes + (16 << 20) else {
            throw Failure(
                "there is no room in \(store.layout.root): \(ByteCount(room).text) are free, "
                    + "\(ByteCount(file.sizeBytes).text) are needed for a copy. Nothing was changed.")
        }
    }

    /// The account's mail as it was, opened for `work`.
    func withMail<Result>(_ store: Store, _ work: (AccountStore) async throws -> Result) async throws -> Result {
        let mail = try await store.openCopy(path, of: id)
        do {
            let result = try await work(mail)
            mail.closeCopy()
            return result
        } catch {
            mail.closeCopy()
            throw error
        }
    }
}
