// `martlet totp status`

internal import Accounts
internal import ArgumentParser
internal import Foundation
internal import Mail
internal import MailStore

struct TOTPStatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show whether an account has TOTP on, and how many recovery codes are left.",
        discussion: "Example:\n  martlet totp status alice@example.org")

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        /// `off`, `pending` (enrolled, not confirmed) or `on`.
        let state: String
        let enrolled: Date?
        let recoveryCodes: Int
        /// Wrong codes since the last right one.
        let failures: Int64
        /// After so many wrong codes that none is taken any more.
        let isBlocked: Bool
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            let account = try await administration.account(address)
            let status = try await administration.totpStatus(address)
            return Facts(
                address: account.address.description, state: status.state.rawValue,
                enrolled: status.since.map(Moment.date), recoveryCodes: status.recoveryCodes,
                failures: status.failures, isBlocked: status.isBlocked)
        }
        try options.output.show(facts) { facts in
            let isOff = facts.state == TOTPStatus.State.off.rawValue
            return FactSheet.text([
                ("Address", facts.address), ("TOTP", TOTPStatusCommand.words(facts)),
                ("Enrolled", facts.enrolled.map(Moment.text)),
                ("Recovery codes", isOff ? nil : "\(facts.recoveryCodes) left"),
                ("Wrong codes", facts.failures == 0 ? nil : "\(facts.failures) since the last right one"),
            ])
        }
    }

    private static func words(_ facts: Facts) -> String {
        if facts.isBlocked { return "blocked after too many wrong codes: martlet totp reset \(facts.address)" }
        guard facts.state == TOTPStatus.State.pending.rawValue else { return facts.state }
        return "enrolled, not on yet: martlet totp confirm \(facts.address) CODE"
    }
}
