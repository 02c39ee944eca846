// `martlet`, the admin's command line: parse, call the store or Accounts, print. No rule of the house is written here.

internal import ArgumentParser
internal import Glibc

@main
struct Martlet: AsyncParsableCommand {
    static let version = "0.1"

    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "Look after a Martlet mail server: its accounts, addresses, mailboxes and messages.",
        discussion: """
            Every command works on the data directory itself, whether martletd runs or not; a running server's \
            sessions see a change within a second. The data directory is the one given by --data, else by \
            MARTLET_DATA in the environment, else /var/lib/martlet.

            Exit status: 0 done, 1 refused or failed, 2 not found, 64 wrong usage.

            Example, from nothing to a first account:
              martlet init --hostname mail.example.org
              martlet domain add example.org
              martlet user add alice@example.org
            """,
        version: "martlet \(version)",
        subcommands: [
            InitCommand.self, DomainCommand.self, UserCommand.self, AliasCommand.self, MailboxCommand.self,
            ACLCommand.self, MessageCommand.self, AppPasswordCommand.self, TOTPCommand.self, RecoveryCodesCommand.self,
            CertificateLoginCommand.self, PolicyCommand.self, CapabilityCommand.self, LoginCommand.self,
            SessionCommand.self, BanCommand.self, AuditCommand.self, CheckCommand.self, BackupCommand.self,
            RestoreCommand.self, MigrateCommand.self, SearchIndexCommand.self, ConfigCommand.self, DocumentCommand.self,
        ])

    static func main() async {
        // What is made here, SQLite's helper files included, is its owner's alone.
        umask(0o077)
        do {
            var command = try parseAsRoot(ArgumentOrder.arranged(Array(CommandLine.arguments.dropFirst())))
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            Failure.exit(with: error)
        }
    }
}
