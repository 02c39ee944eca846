// `martlet user rename`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserRename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give an account another address; its mail and password stay.",
        discussion: """
            Mail to the old address is no longer accepted; to go on receiving it, make it an alias afterwards.

            Example:
              martlet user rename alice@example.org alice.liddell@example.org
              martlet alias add alice@example.org alice.liddell@example.org
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "Its new address, in a domain that is here.") var newAddress: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let formerAddress: String
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let before = try await administration.account(address)
            let after = try await administration.renameAccount(address, to: newAddress)
            return Facts(address: after.address.description, formerAddress: before.address.description)
        }
        try options.output.show(facts) { "Account \($0.formerAddress) is now \($0.address)." }
    }
}
