// What a backup says of itself: `manifest.json` beside its files.
//
// A backup may come from anywhere, so what its manifest says is looked at before it is used: each path is one that a
// backup has, each once, and leads nowhere else.

internal import Foundation
internal import MailStore

struct BackupManifest: Codable, Sendable {
    static let fileName = "manifest.json"
    static let currentFormat = 1
    private static let longest = 64 << 20

    struct File: Codable, Sendable {
        /// Below the backup's directory, as in a data directory.
        let path: String
        let sizeBytes: Int64
        /// In hex.
        let sha256: String
        /// Of a database: when the moment was whose state it holds; also where it was copied by an earlier backup.
        var taken: Date?
        /// Of a database: the last script of its schema.
        var schema: String?
        /// Of an account's database.
        var account: Int64?
        var address: String?
        var messages: Int?
        /// By which the next backup sees that nothing has changed.
        var state: String?
        /// What was wrong with it when it was copied.
        var problems: [String]?
    }

    let format: Int
    /// The version that made it.
    let martlet: String
    let begun: Date
    let ended: Date
    let files: [File]

    func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// Those of accounts.
    var accounts: [File] { files.filter { $0.account != nil } }
    var messages: Int { files.reduce(0) { $0 + ($1.messages ?? 0) } }
    var sizeBytes: Int64 { files.reduce(0) { $0 &+ $1.sizeBytes } }
    var problems: [String] { files.flatMap { $0.problems ?? [] } }

    /// Of the databases and of what else a backup can hold.
    static let directoryPath = DatabaseKind.directory.path
    static let configurationPath = "martlet.yaml"

    static func read(in directory: String) throws -> BackupManifest {
        let path = "\(directory)/\(fileName)"
        let facts = try FileFacts(path: path)
        guard facts.kind == .file, facts.size <= longest else { throw Failure("\(path) is no manifest of a backup") }
        struct Format: Decodable { let format: Int }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        guard let format = try? decoder.decode(Format.self, from: bytes).format else {
            throw Failure("\(path) is damaged: it is no manifest of a backup")
        }
        guard format <= currentFormat else {
            throw Failure("\(directory) is a backup of a newer version of Martlet (format \(format)); use that version")
        }
        do {
            let manifest = try decoder.decode(BackupManifest.self, from: bytes)
            try manifest.check(path)
            return manifest
        } catch let error as DecodingError {
            throw Failure("\(path) is damaged: \(error)")
        }
    }

    private func check(_ path: String) throws {
        var seen: Set<String> = []
        for file in files {
            guard file.path == Self.path(of: file.account) ?? file.path, Self.isKnown(file),
                seen.insert(file.path).inserted, file.sizeBytes >= 0
            else {
                throw Failure("\(path) names \(Output.visible(file.path)), which no backup has in this way")
            }
        }
        guard seen.contains(BackupManifest.directoryPath) else {
            throw Failure("\(path) names no \(BackupManifest.directoryPath), which every backup has")
        }
    }

    private static func path(of account: Int64?) -> String? {
        account.map { DatabaseKind.account(AccountID(rawValue: $0)).path }
    }

    private static func isKnown(_ file: File) -> Bool {
        file.account.map { $0 > 0 } ?? [directoryPath, configurationPath].contains(file.path)
    }

    /// Which kind of database a file is; nil for the configuration.
    static func kind(of file: File) -> DatabaseKind? {
        if let account = file.account { return .account(AccountID(rawValue: account)) }
        return file.path == directoryPath ? .directory : nil
    }

    /// For `sha256sum --check SHA256SUMS`.
    static let sumsName = "SHA256SUMS"
}
