// docs/admin.md is the help of the commands, and the help is as the house wants it.

import ArgumentParser
import Foundation
import Testing

@testable import martlet

@Test("docs/admin.md is current; Admin/make-admin-doc makes it")
func documentIsCurrent() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let document = try String(contentsOf: root.appendingPathComponent("docs/admin.md"), encoding: .utf8)
    #expect(document == AdminDocument.text)
}

private func verbs(_ command: any ParsableCommand.Type = Martlet.self) -> [any ParsableCommand.Type] {
    command.configuration.subcommands.filter { $0.configuration.shouldDisplay }.flatMap {
        $0.configuration.subcommands.isEmpty ? [$0] : verbs($0)
    }
}

@Test("every verb's help has an abstract and an example")
func helpHasExamples() {
    #expect(verbs().count > 20)
    for verb in verbs() {
        #expect(verb.configuration.abstract.hasSuffix("."), "\(verb)")
        #expect(verb.configuration.discussion.contains("Example"), "\(verb)")
        #expect(verb.configuration.discussion.contains("  martlet "), "\(verb)")
    }
}

@Test("case 162: no command takes a password as an argument")
func noPasswordArguments() {
    for verb in verbs() {
        let help = Martlet.helpMessage(for: verb)
        #expect(!help.contains("--password "), "\(verb)")
        #expect(!help.contains("<password>"), "\(verb)")
    }
}

@Test(
    "options that every command has may stand before the noun",
    arguments: [
        (["--data", "d", "user", "list"], ["user", "list", "--data", "d"]),
        (["--data=d", "--json", "user", "list"], ["user", "list", "--data=d", "--json"]),
        (["--json", "user", "show", "--", "-x"], ["user", "show", "--json", "--", "-x"]),
        (["user", "list", "--data", "d"], ["user", "list", "--data", "d"]), (["--data"], ["--data"]), ([], []),
        (["--version"], ["--version"]),
    ])
func argumentOrder(arguments: [String], arranged: [String]) {
    #expect(ArgumentOrder.arranged(arguments) == arranged)
}
