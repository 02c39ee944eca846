// Two accounts, one of which shares: what the tests of sharing begin with.

import Mail
import MailStore
import TestSupport

/// Bob shares `Team` with Alice.
struct SharedHouse: Sendable {
    let temporary: TemporaryStore
    let alice: AccountStore
    let bob: AccountStore
    let team: MailboxName
    /// Bob's mail as Alice may use it.
    var guest: AccountStore { bob.accessed(by: alice.id) }
    var store: Store { temporary.store }

    static func with(
        _ rights: String = "lr", _ test: @Sendable (SharedHouse) async throws -> Void
    ) async throws {
        try await TemporaryStore.with { temporary in
            let alice = try await temporary.account("alice@example.org")
            let bob = try await temporary.account("bob@example.org")
            let house = SharedHouse(temporary: temporary, alice: alice, bob: bob, team: try MailboxName("Team"))
            _ = try await bob.createMailbox(house.team)
            try await house.allow(rights)
            try await test(house)
        }
    }

    /// What Alice may do with Team from now on.
    func allow(_ rights: String) async throws {
        try await store.setRights(
            on: team, of: bob, for: .account(alice.id), isNegative: false, .replace(try MailboxRights(letters: rights)))
    }

    func message(_ text: String = "x", flags: Flags = .none) async throws -> NewMessage {
        try await temporary.message("Subject: s\r\n\r\n\(text)", flags: flags)
    }

    /// Messages of Bob's in Team.
    @discardableResult
    func fill(_ count: Int, flags: Flags = .none) async throws -> [UID] {
        var messages: [NewMessage] = []
        for number in 0..<count { messages.append(try await message("text \(number)", flags: flags)) }
        return try await bob.append(messages, to: team).uids.compactMap { $0 }
    }
}
