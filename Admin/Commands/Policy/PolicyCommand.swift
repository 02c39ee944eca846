// `martlet policy`: where the main password opens the mail.

internal import Accounts
internal import ArgumentParser

struct PolicyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy", abstract: "Where mail programs may log in with an account's main password.",
        subcommands: [PolicyShow.self, PolicySet.self])
}

struct PolicyFacts: Codable {
    /// The account; left out for the server's policy.
    let address: String?
    /// What counts: `everywhere`, `trusted-networks` or `never`.
    let mainPassword: String
    /// Where that comes from: `totp`, `account` or `server`.
    let source: String
    /// The account's own policy, if it has one.
    let account: String?
    let server: String
    let trustedNetworks: [String]

    init(_ info: PolicyInfo, address: String?) {
        self.address = address
        mainPassword = info.effective.rawValue
        source = info.hasTOTP ? "totp" : info.account != nil ? "account" : "server"
        account = info.account?.rawValue
        server = info.server.rawValue
        trustedNetworks = info.trustedNetworks.map(\.description)
    }

    var text: String {
        let reason =
            switch source {
            case "totp": " (TOTP is on)"
            case "account": " (the account's own policy)"
            default: address == nil ? "" : " (the server's policy)"
            }
        return FactSheet.text([
            ("Account", address), ("Main password", mainPassword + reason),
            ("Account's own", source == "totp" ? account : nil), ("Server", address == nil ? nil : server),
            ("Trusted networks", trustedNetworks.isEmpty ? "none" : trustedNetworks.joined(separator: ", ")),
        ])
    }
}
