// `martlet restore`: what a backup holds, back where it belongs.

internal import ArgumentParser

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Restore from a backup: everything, an account, a mailbox, a message.",
        discussion: "\"martlet restore DIR\" is short for \"martlet restore everything DIR\".",
        subcommands: [RestoreEverything.self, RestoreAccount.self, RestoreMailbox.self, RestoreMessage.self],
        defaultSubcommand: RestoreEverything.self)
}

/// Where to restore from.
struct BackupOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp("Where the backups are (the newest is taken), or one of them.", valueName: "backup"),
        completion: .directory, transform: Typed.backupPath)
    var path: String

    var backup: BackupPlace.Backup {
        get throws { try BackupPlace.find(path) }
    }
}
