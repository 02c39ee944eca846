// `martlet backup list`

internal import ArgumentParser
internal import Foundation

struct BackupList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups in a directory, or what one of them holds.",
        discussion: """
            Examples:
              martlet backup list /backup/mail
              martlet backup list /backup/mail/2027-01-31T03-00-00Z
            """)

    @Argument(
        help: ArgumentHelp("Where the backups are, or one of them.", valueName: "dir"), completion: .directory,
        transform: Typed.backupPath)
    var directory: String
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let backup: String
        let begun: Date?
        let martlet: String?
        let accounts: [Account]
        let messages: Int
        let sizeBytes: Int64
        /// Why it cannot be used.
        let problem: String?

        struct Account: Codable {
            let address: String
            let messages: Int
            let sizeBytes: Int64
            let taken: Date?
        }

        init(_ path: String) {
            backup = path
            do {
                let manifest = try BackupPlace.Backup(path: path).manifest
                (begun, martlet, problem) = (manifest.begun, manifest.martlet, nil)
                accounts = manifest.accounts.map {
                    Account(
                        address: $0.address ?? "", messages: $0.messages ?? 0, sizeBytes: $0.sizeBytes, taken: $0.taken)
                }
                (messages, sizeBytes) = (manifest.messages, manifest.sizeBytes)
            } catch {
                (begun, martlet, accounts, messages, sizeBytes) = (nil, nil, [], 0, 0)
                problem = Failure(error)?.message ?? "\(error)"
            }
        }
    }

    func run() async throws {
        let place = BackupPlace(directory)
        let isOne = FileFacts.exists("\(place.path)/\(BackupManifest.fileName)")
        guard FileFacts.isDirectory(place.path) else { throw Failure.notFound("there is no directory \(place.path)") }
        let facts = isOne ? [Facts(place.path)] : try place.names().map { Facts("\(place.path)/\($0)") }
        if facts.isEmpty { options.output.remark("There is no backup in \(place.path).") }
        try options.output.show(facts) { isOne ? BackupList.accounts($0) : BackupList.backups($0) }
    }

    private static func backups(_ facts: [Facts]) -> String {
        guard !facts.isEmpty else { return "" }
        var table = Table([
            ("BACKUP", .left), ("BEGUN", .left), ("ACCOUNTS", .right), ("MESSAGES", .right), ("SIZE", .right),
            ("PROBLEM", .left),
        ])
        for fact in facts {
            table.add([
                URL(fileURLWithPath: fact.backup).lastPathComponent, fact.begun.map(Moment.text) ?? "",
                "\(fact.accounts.count)", "\(fact.messages)", ByteCount(fact.sizeBytes).text, fact.problem ?? "",
            ])
        }
        return table.text
    }

    private static func accounts(_ facts: [Facts]) -> String {
        if let problem = facts.first?.problem { return Output.visible(problem) }
        var table = Table([("ACCOUNT", .left), ("MESSAGES", .right), ("SIZE", .right), ("STATE OF", .left)])
        for account in facts.flatMap(\.accounts) {
            table.add([
                account.address, "\(account.messages)", ByteCount(account.sizeBytes).text,
                account.taken.map(Moment.text) ?? "",
            ])
        }
        return table.text
    }
}
