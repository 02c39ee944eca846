// docs/admin.md, made from the help of every command, so that neither can say what the other does not.

internal import ArgumentParser

enum AdminDocument {
    static let columns = 100

    static var text: String {
        """
        # martlet, the command line of the administrator

        <!-- Made by Admin/make-admin-doc from the help of the commands: change those, then run it. -->

        `martlet` works on the data directory itself, whether `martletd` runs or not; a running server's sessions see a
        change within a second. Every command takes `--data DIR` (else `MARTLET_DATA` in the environment, else
        `/var/lib/martlet`), and runs as the owner of that directory: root becomes that user.

        - **Exit status**: 0 done; 1 refused or failed; 2 what was named does not exist; 64 the command line is wrong.
          A command that ends with 1, 2 or 64 has changed nothing, unless it says so.
        - **`--json`** prints the facts as one JSON value: keys in camelCase, moments in ISO 8601 (UTC), sizes in
          bytes (`…Bytes`); a fact that does not exist is left out. Remarks and errors go to standard error.
        - **Passwords** are typed at the terminal without echo, come on standard input (`--password-stdin`), or are
          generated and shown once. They are never arguments: other users of the machine can read those.
        - **Secrets that the server makes** (app passwords, TOTP secrets, recovery codes) are shown once, on standard
          output or in the file that was asked for, and nowhere afterwards.
        - **Completion**: `martlet --generate-completion-script bash` (or `zsh`, `fish`) prints a script for the shell.

        \(sections(Martlet.self, name: "martlet").joined(separator: "\n\n"))

        """
    }

    /// The commands below `command`, each with its help; nouns before their verbs.
    private static func sections(_ command: any ParsableCommand.Type, name: String) -> [String] {
        let children = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        return children.flatMap { child -> [String] in
            let title = "\(name) \(child.configuration.commandName ?? "")"
            let isNoun = !child.configuration.subcommands.isEmpty
            let heading = name == "martlet" ? "## \(title)" : "### \(title)"
            let help = isNoun ? child.configuration.abstract : "```text\n\(help(of: child))\n```"
            return ["\(heading)\n\n\(help)"] + sections(child, name: title)
        }
    }

    private static func help(of command: any ParsableCommand.Type) -> String {
        let message = Martlet.helpMessage(for: command, columns: columns)
        let lines = message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = line
            while line.last == " " { line.removeLast() }
            return line
        }
        return lines.joined(separator: "\n").trimmingFinalLines
    }
}

extension String {
    fileprivate var trimmingFinalLines: String {
        var result = self[...]
        while result.last == "\n" { result.removeLast() }
        return String(result)
    }
}

/// Prints docs/admin.md; for `Admin/make-admin-doc`.
struct DocumentCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "document", abstract: "Print docs/admin.md.", shouldDisplay: false)

    func run() throws { print(AdminDocument.text, terminator: "") }
}
