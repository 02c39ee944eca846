// `martlet acl show`

internal import Accounts
internal import ArgumentParser
internal import Mail

struct ACLShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show who may use a mailbox.",
        discussion: "Example:\n  martlet acl show alice@example.org Team")

    @Argument(help: "The owner's address.") var account: String
    @Argument(help: "The mailbox.", transform: Typed.mailbox) var mailbox: MailboxName
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.accessList(of: account, mailbox).map {
                AccessFacts(identifier: $0.identifier, rights: $0.rights.text)
            }
        }
        try options.output.show(facts) { facts in
            guard !facts.isEmpty else { return "Nobody but its owner may use \(mailbox)." }
            var table = Table([("WHO", .left), ("RIGHTS", .left)])
            for fact in facts { table.add([fact.identifier, fact.rights]) }
            return table.text
        }
    }
}
