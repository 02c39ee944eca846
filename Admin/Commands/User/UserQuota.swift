// `martlet user quota`

internal import Accounts
internal import ArgumentParser
internal import Mail
internal import MailStore

struct UserQuota: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quota", abstract: "Show or set how much an account's mail may take.",
        discussion: """
            An account that is over its quota keeps its mail, and gets no more. Expunged messages that can still be \
            brought back do not count. Mail clients show the quota; with --settable yes they may set it too.

            Examples:
              martlet user quota alice@example.org
              martlet user quota alice@example.org 10G --messages 100000
              martlet user quota alice@example.org none --messages none
            """)

    @Argument(help: "The account's address.") var address: String
    @Argument(help: "500M, 5G, a number of bytes, or none.", transform: Quota.init) var quota: Quota?
    @Option(
        help: ArgumentHelp("The most messages, or none.", valueName: "number"), transform: MessageQuota.init)
    var messages: MessageQuota?
    @Option(help: ArgumentHelp("Whether its owner may set the quota over IMAP: yes or no.", valueName: "yes|no"))
    var settable: YesOrNo?
    @OptionGroup var data: DataOptions
    @OptionGroup var options: OutputOptions

    struct Facts: Codable {
        let address: String
        let usedBytes: Int64
        let quotaBytes: Int64?
        let messages: Int64
        let quotaMessages: Int64?
        let isSettable: Bool
    }

    func run() async throws {
        let facts = try await StoreAccess.administration(data) { administration, store in
            if let quota { try await administration.setQuota(of: address, to: quota.bytes) }
            if let messages { try await administration.setMessageQuota(of: address, to: messages.count) }
            if let settable { try await administration.setQuotaByOwner(of: address, settable == .yes) }
            let account = try await administration.account(address)
            let usage = try await store.account(account.id).quotaUsage()
            return Facts(
                address: account.address.description, usedBytes: usage.bytes, quotaBytes: usage.quota.bytes,
                messages: usage.messages, quotaMessages: usage.quota.messages,
                isSettable: usage.quota.isOwnersToSet)
        }
        try options.output.show(facts) { facts in
            FactSheet.text([
                ("Address", facts.address), ("Used", ByteCount(facts.usedBytes).text),
                ("Quota", Quota.text(facts.quotaBytes)), ("Messages", "\(facts.messages)"),
                ("Quota of messages", facts.quotaMessages.map { "\($0)" } ?? "none"),
                ("Settable over IMAP", facts.isSettable ? "yes" : "no"),
            ])
        }
    }
}

/// A number of messages as it is typed.
struct MessageQuota {
    /// nil for no bound.
    let count: Int64?

    init(_ text: String) throws {
        if text.lowercased() == "none" {
            count = nil
        } else if let number = Int64(text), number >= 0 {
            count = number
        } else {
            throw Typed.Mistake(description: "write a number of messages, or none")
        }
    }
}

enum YesOrNo: String, ExpressibleByArgument, CaseIterable { case yes, no }
