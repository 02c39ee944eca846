// `martlet restore account`, `mailbox` and `message`, run as people run them.

import Foundation
import Testing

@testable import martlet

private let alice = "alice@example.org"
private let lists = "Lists/Swift"

extension CommandPlace {
    /// A mailbox with three messages, backed up.
    fileprivate func backedUp() async throws {
        try await done("mailbox", "create", alice, lists)
        try await fill(1...3, mailbox: lists)
        _ = try await backup()
    }

    fileprivate func status(_ mailbox: String, of account: String = alice) async throws -> MailboxStatusFacts {
        try await done("mailbox", "status", account, mailbox, "--json").facts(MailboxStatusFacts.self)
    }

    fileprivate func restoreMailbox(_ mailbox: String, _ arguments: String...) async throws -> RestoreMailbox.Facts {
        let outcome = try await run(["restore", "mailbox", backups, alice, mailbox, "--json"] + arguments)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try outcome.facts(RestoreMailbox.Facts.self)
    }
}

@Suite struct RestoreCommandTests {
    @Test("case 88: a mailbox keeps its numbers where nothing else can have them, and is a new one elsewhere")
    func mailbox() async throws {
        try await CommandPlace.with { place in
            try await place.backedUp()
            let before = try await place.status(lists)
            let beside = try await place.restoreMailbox(lists)
            #expect(beside.mailbox == "\(lists) (restored)" && !beside.keepsUIDs && beside.messages == 3)
            #expect(try await place.restoreMailbox(lists).mailbox == "\(lists) (restored 2)")
            #expect(try await place.status(beside.mailbox).uidValidity != before.uidValidity)
            let named = try await place.restoreMailbox(lists, "--as", "Old")
            #expect(named.mailbox == "Old" && !named.keepsUIDs)
            // It could come back by itself, with these numbers.
            try await place.done("mailbox", "remove", alice, lists, "--yes")
            let removed = try await place.restoreMailbox(lists)
            #expect(removed.mailbox == lists && !removed.keepsUIDs)
            try await place.done("mailbox", "remove", alice, lists, "--yes")
            try await place.done("message", "purge", alice, "--all", "--yes")
            let gone = try await place.restoreMailbox(lists)
            #expect(gone.mailbox == lists && gone.keepsUIDs && gone.messages == 3)
            let after = try await place.status(lists)
            #expect(after.uidValidity == before.uidValidity && after.uidNext > before.uidNext + 1_000_000)
            #expect(after.isSubscribed && after.messages == 3)
            #expect(try await place.run(["restore", "mailbox", place.backups, alice, "Nowhere"]).status == 2)
            #expect(try await place.run(["restore", "mailbox", place.backups, alice, lists, "--as", "Old"]).status == 1)
            try await place.done("check")
        }
    }

    @Test("a message comes back to its mailbox, unless there is one")
    func message() async throws {
        try await CommandPlace.with { place in
            try await place.backedUp()
            let command = ["restore", "message", place.backups, alice, "--message-id", "2@example.org", "--json"]
            let there = try await place.run(command).facts(ReturnedMessages.self)
            #expect(there.messages == 0 && there.copies == 1)
            try await place.done("mailbox", "remove", alice, lists, "--yes")
            let back = try await place.run(command).facts(ReturnedMessages.self)
            #expect(back.mailboxes.map(\.mailbox) == [lists] && back.messages == 1)
            let byUID = ["restore", "message", place.backups, alice, "--mailbox", lists, "--uid", "3", "--into", "Kept"]
            #expect(try await place.run(byUID).status == 0)
            #expect(try await place.status("Kept").messages == 1)
            #expect(try await place.run(["restore", "message", place.backups, alice, "--uid", "3"]).status == 64)
            #expect(try await place.run(["restore", "message", place.backups, alice, "--message-id", "x"]).status == 2)
            try await place.done("check")
        }
    }

    @Test("case 88: an account's mail takes the place of what there is, when that is meant, with numbers beyond it")
    func replacedAccount() async throws {
        try await CommandPlace.with { place in
            try await place.backedUp()
            let before = try await place.status(lists)
            try await place.fill(4...9, mailbox: lists)
            let command = ["restore", "account", place.backups, alice, "--json"]
            #expect(try await place.run(command).status == 1)
            #expect(try await place.status(lists).messages == 9)
            for _ in 1...2 {
                let last = try await place.status(lists)
                let facts = try await place.run(command + ["--replace"]).facts(RestoreAccount.Facts.self)
                #expect(facts.messages == 3 && !facts.wasGone && facts.problems == [])
                let now = try await place.status(lists)
                #expect(now.messages == 3 && now.uidValidity == before.uidValidity)
                #expect(now.uidNext > last.uidNext && now.highestModSeq > last.highestModSeq)
            }
            try await place.done("check")
            let left = try FileManager.default.contentsOfDirectory(atPath: "\(place.data)/tmp")
            #expect(left == [])
        }
    }

    @Test("an account that was removed comes back with its credentials, and what is not restored is told")
    func removedAccount() async throws {
        try await CommandPlace.with { place in
            try await place.done("alias", "add", "info@example.org", alice)
            try await place.done("app-password", "create", alice, "--label", "Laptop")
            try await place.backedUp()
            try await place.done("user", "remove", alice, "--yes")
            try await place.done("user", "add", "bob@example.org")
            let outcome = try await place.done("restore", "account", place.backups, alice, "--json")
            let facts = try outcome.facts(RestoreAccount.Facts.self)
            #expect(facts.wasGone && facts.messages == 3 && facts.lostAliases == ["info@example.org"])
            #expect(try await place.done("app-password", "list", alice).output.contains("Laptop"))
            try await place.done("check")
            let unknown = try await place.run(["restore", "account", place.backups, "carol@example.org"])
            #expect(unknown.status == 2 && unknown.errors.contains(alice))
        }
    }
}
