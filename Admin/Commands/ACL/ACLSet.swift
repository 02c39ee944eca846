// `martlet acl set`

internal import Accounts
internal import ArgumentParser
internal import Mail

struct ACLSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set", abstract: "Let somebody use a mailbox.",
        discussion: """
            Sessions of a running server see the change within a second.

            Examples:
              martlet acl set alice@example.org Team bob@example.org lrswi
              martlet acl set alice@example.org Team bob@example.org +te
              martlet acl set alice@example.org News anyone lr
              martlet acl set alice@example.org Team bob@example.org -- -te
            """)

    @Argument(help: "The owner's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @Argument(help: "An account's address, or anyone.") var who: String
    @Argument(
        help: "The letters of the rights; with + they are added, with - (behind --) taken.", transform: Typed.rights)
    var rights: RightsChange
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.setAccess(of: account, mailbox, for: who, rights)
            return try await AccessChangeFacts(account, mailbox, who, administration)
        }
        try options.output.show(facts) { facts in
            facts.rights.isEmpty
                ? "\(facts.identifier) has no rights on \(facts.mailbox) of \(facts.account) by this line."
                : "\(facts.identifier) has the rights \(facts.rights) on \(facts.mailbox) of \(facts.account)."
        }
    }
}

extension AccessChangeFacts {
    /// As it is after the change.
    init(
        _ account: String, _ mailbox: MailboxName, _ who: String, _ administration: AccountAdministration
    ) async throws {
        let lines = try await administration.accessList(of: account, mailbox)
        let line = lines.first { $0.identifier.lowercased() == who.lowercased() }
        self.init(account: account, mailbox: mailbox.text, identifier: who, rights: line?.rights.text ?? "")
    }
}

extension Typed {
    static func rights(_ text: String) throws -> RightsChange {
        do { return try RightsChange(text) } catch {
            throw Mistake(description: "there is no right \"\(error.letter)\"; write them as lrs, +te or -- -te")
        }
    }
}
