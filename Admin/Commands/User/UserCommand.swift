// `martlet user`: accounts, each one person's mail.

internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "user", abstract: "Accounts: each is one person's mail, with an address and a password.",
        subcommands: [
            UserAdd.self, UserList.self, UserShow.self, UserPasswd.self, UserRename.self, UserQuota.self,
            UserSuspend.self, UserResume.self, UserRemove.self,
        ])
}

/// What a command that changed an account says.
struct UserFacts: Codable {
    let address: String
    /// Only when it was generated, and only once.
    var password: String?
}

struct UserStatusFacts: Codable {
    let address: String
    let status: String

    init(_ account: AccountRecord) {
        address = account.address.description
        status = account.status.rawValue
    }
}
