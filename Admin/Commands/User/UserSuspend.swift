// `martlet user suspend` and `martlet user resume`

internal import Accounts
internal import ArgumentParser

struct UserSuspend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "suspend", abstract: "Lock an account: nobody can log in, its mail is kept.",
        discussion: """
            A running server ends the account's sessions. Mail to it is put off, and arrives after the account is \
            resumed.

            Example:
              martlet user suspend alice@example.org
            """)

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.suspendAccount(address)
            return UserStatusFacts(try await administration.account(address))
        }
        try options.output.show(facts) { "Account \($0.address) is suspended." }
    }
}

struct UserResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Unlock a suspended account.",
        discussion: "Example:\n  martlet user resume alice@example.org")

    @Argument(help: "The account's address.") var address: String
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, _ in
            try await administration.resumeAccount(address)
            return UserStatusFacts(try await administration.account(address))
        }
        try options.output.show(facts) { "Account \($0.address) is active." }
    }
}
