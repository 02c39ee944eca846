// `martlet backup`: copies of everything, and what is known of them.

internal import ArgumentParser
internal import Foundation

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Back up the data directory, while the server runs.",
        discussion: "\"martlet backup DIR\" is short for \"martlet backup make DIR\".",
        subcommands: [BackupMake.self, BackupVerify.self, BackupList.self, BackupKeys.self],
        defaultSubcommand: BackupMake.self)
}

extension Typed {
    /// For the place of backups.
    static func backupPath(_ path: String) throws -> String {
        guard !path.isEmpty else { throw Mistake(description: "name a directory for the backups") }
        return path
    }

    static func generations(_ text: String) throws -> Int {
        guard let number = Int(text), (1...10_000).contains(number) else {
            throw Mistake(description: "write how many backups are to be kept as a number from 1 to 10000")
        }
        return number
    }
}
