// `martlet user show`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct UserShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show an account: its addresses, its state, what it holds.",
        discussion: "Example:\n  martlet user show alice@example.org")

    @Argument(help: "The account's address, or an alias of it.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let name: String
        let status: String
        let aliases: [String]
        let mailboxes: Int
        let messages: Int
        let usedBytes: Int64
        let quotaBytes: Int64?
        let quotaMessages: Int64?
        let created: Date
        let hasPassword: Bool
        /// `off`, `pending` or `on`.
        let totp: String
        let appPasswords: Int
        let certificateLogins: Int
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, store in
            let account = try await administration.account(address)
            let aliases = try await administration.aliases()
                .filter { $0.targets.contains { $0.id == account.id } }.map { $0.name.text }
            let mail = try await store.account(account.id)
            let mailboxes = try await mail.mailboxes()
            return Facts(
                address: account.address.description, name: account.displayName, status: account.status.rawValue,
                aliases: aliases, mailboxes: mailboxes.count, messages: mailboxes.reduce(0) { $0 + $1.messages },
                usedBytes: try await mail.usage().used, quotaBytes: account.quota,
                quotaMessages: try await mail.quotaUsage().quota.messages,
                created: Moment.date(account.created),
                hasPassword: try await store.directory.passwordCredential(of: account.id) != nil,
                totp: try await administration.totpStatus(address).state.rawValue,
                appPasswords: try await administration.appPasswords(address).count,
                certificateLogins: try await administration.certificateLogins(address).count)
        }
        try options.output.show(facts, text: UserShow.text)
    }

    private static func text(_ facts: Facts) -> String {
        FactSheet.text([
            ("Address", facts.address), ("Name", facts.name.isEmpty ? nil : facts.name), ("Status", facts.status),
            ("Aliases", facts.aliases.isEmpty ? nil : facts.aliases.joined(separator: ", ")),
            ("Mailboxes", "\(facts.mailboxes)"), ("Messages", "\(facts.messages)"),
            ("Used", ByteCount(facts.usedBytes).text), ("Quota", Quota.text(facts.quotaBytes)),
            ("Quota of messages", facts.quotaMessages.map { "\($0)" }),
            ("Created", Moment.text(facts.created)),
            ("Password", facts.hasPassword ? "set" : "none"), ("TOTP", facts.totp),
            ("App passwords", "\(facts.appPasswords)"), ("Certificates", "\(facts.certificateLogins)"),
        ])
    }
}
