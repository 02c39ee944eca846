// Who shares with whom: the names, the directory's rows, and what another process changes.

import Foundation
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct SharesTests {
    @Test func sharedMailboxesAreFoundUnderTheirOwner() async throws {
        try await SharedHouse.with("lr") { house in
            let shared = try await house.store.sharedMailboxes(for: house.alice.id)
            #expect(shared.map(\.name.text) == ["Other Users/bob@example.org/Team"])
            #expect(shared.first?.rights.text == "lr")
            #expect(try await house.store.sharedMailboxes(for: house.bob.id).isEmpty)
            let name = try MailboxName("Other Users/bob@example.org/Team")
            let found = try await house.store.sharedMailbox(name, for: house.alice)
            #expect(found.account.id == house.bob.id && found.name == house.team)
            #expect(try await found.account.hasMailbox(found.name))
        }
    }

    @Test(
        "what is no mailbox of others exists for nobody",
        arguments: [
            "Other Users", "Other Users/bob@example.org", "Other Users/nobody@example.org/Team",
            "Other Users/carol@example.org/INBOX", "Other Users/alice@example.org/INBOX",
            "Other Users/BOB@example.org/Team", "Other Users/#2/Team", "Other Users/bob@example.org/Drafts",
        ])
    func others(text: String) async throws {
        try await SharedHouse.with("lr") { house in
            _ = try await house.temporary.account("carol@example.org")
            let found = try await house.store.sharedMailbox(try MailboxName(text), for: house.alice)
            #expect(try await !found.account.hasMailbox(found.name))
            #expect(!found.account.isSameAccess(as: house.alice))
            await #expect(throws: StoreError.mailboxNotFound(found.name)) {
                _ = try await found.account.append([try await house.message()], to: found.name)
            }
            await #expect(throws: StoreError.notPermitted) { try await found.account.createMailbox(found.name) }
        }
    }

    @Test("the directory knows an owner as long as something is given, and no longer")
    func rows() async throws {
        try await SharedHouse.with("lr") { house in
            let directory = house.store.directory
            func owners(_ guest: AccountStore) async throws -> [AccountID] {
                try await directory.owners(sharingWith: guest.id).map(\.id)
            }
            #expect(try await owners(house.alice) == [house.bob.id])
            try await house.allow("")
            #expect(try await owners(house.alice) == [])
            try await house.store.setRights(
                on: house.team, of: house.bob, for: .anyone, isNegative: false, .replace([.lookup]))
            let carol = try await house.temporary.account("carol@example.org")
            #expect(try await owners(house.alice) == [house.bob.id])
            #expect(try await owners(carol) == [house.bob.id])
            #expect(try await owners(house.bob) == [])
            // With the mailbox its list is gone; the row goes when somebody looks and finds nothing.
            try await house.bob.deleteMailbox(house.team)
            #expect(try await house.store.sharedMailboxes(for: carol.id).isEmpty)
            #expect(try await owners(carol) == [])
        }
    }

    @Test("giving and taking at once never loses a row", .timeLimit(.minutes(5)))
    func races() async throws {
        try await SharedHouse.with("lr") { house in
            let other = try await Store.open(at: house.temporary.path, exclusive: false, logger: .quiet)
            let bobThere = try await other.account(house.bob.id)
            let inbox = MailboxName.inbox
            for round in 0..<15 {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await house.allow(round % 2 == 0 ? "" : "lr") }
                    group.addTask {
                        try await other.setRights(
                            on: inbox, of: bobThere, for: .account(house.alice.id), isNegative: false,
                            .replace(round % 2 == 0 ? [.lookup] : .none))
                    }
                    try await group.waitForAll()
                }
                let gives = try await !house.guest.mailboxes().isEmpty
                let known = try await !house.store.directory.owners(sharingWith: house.alice.id).isEmpty
                #expect(!gives || known)
            }
            await other.close()
        }
    }

    @Test("another process's change of the rights reaches the views in use")
    func externalChange() async throws {
        try await SharedHouse.with("lr") { house in
            let view = try await house.guest.view(of: house.team)
            let watch = view.watch {}
            defer { watch.cancel() }
            let version = view.rightsVersion
            let other = try await Store.open(at: house.temporary.path, exclusive: false, logger: .quiet)
            try await other.setRights(
                on: house.team, of: try await other.account(house.bob.id), for: .account(house.alice.id),
                isNegative: false, .replace(.none))
            try await waitUntil("the new rights") { view.rightsVersion != version }
            #expect(try await house.guest.rights(on: view.mailboxID) == .none)
            await other.close()
        }
    }

    @Test func removedAccountsTakeTheirRowsAlong() async throws {
        try await SharedHouse.with("lr") { house in
            try await house.store.directory.removeAccount(house.bob.id, by: "test")
            #expect(try await house.store.directory.owners(sharingWith: house.alice.id).isEmpty)
        }
        try await SharedHouse.with("lr") { house in
            try await house.store.directory.removeAccount(house.alice.id, by: "test")
            #expect(try await house.store.checkIntegrity().isClean)
        }
    }

    @Test("check finds a row that is missing")
    func missingRow() async throws {
        try await SharedHouse.with("lr") { house in
            try await house.store.directory.forgetShare(house.bob.id, .account(house.alice.id))
            let report = try await house.store.checkIntegrity()
            #expect(report.problems.count == 1 && report.problems[0].contains("shares with account"))
            try await house.allow("lrs")
            #expect(try await house.store.checkIntegrity().isClean)
        }
    }

    @Test func listsAreBounded() async throws {
        try await SharedHouse.with("lr") { house in
            for number in 0..<StoreLimits.accessEntries - 1 {
                try await house.bob.changeAccess(
                    of: house.team, .account(AccountID(rawValue: Int64(1_000 + number))), isNegative: true, .add(.read))
            }
            await #expect(throws: StoreError.self) {
                try await house.store.setRights(
                    on: house.team, of: house.bob, for: .anyone, isNegative: true, .add(.read))
            }
            try await house.allow("l")
        }
    }

    @Test("an owner whose file cannot be read hides what the others share from nobody")
    func brokenOwner() async throws {
        try await SharedHouse.with("lr") { house in
            let directory = house.store.directory
            let dora = try await directory.addAccount(
                address: try EmailAddress("dora@example.org"), displayName: "", passwordHash: nil, quota: nil,
                by: "test")
            try await directory.noteShare(dora.id, .account(house.alice.id))
            let file = URL(fileURLWithPath: house.temporary.path + "/accounts/\(dora.id).db")
            try Data(repeating: 0x78, count: 10_000).write(to: file)
            await #expect(throws: StoreError.self) { try await house.store.account(dora.id) }
            let names = try await house.store.sharedMailboxes(for: house.alice.id).map(\.name.text)
            #expect(names == ["Other Users/bob@example.org/Team"])
            try FileManager.default.removeItem(at: file)
        }
    }
}
