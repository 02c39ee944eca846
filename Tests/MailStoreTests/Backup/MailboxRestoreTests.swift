// A mailbox or a message that comes back from a backup: as the one it was, as far as that is right.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct MailboxRestoreTests {
    private static let archive = "Archive"

    /// Alice's Archive with three messages, annotations, and rights of Bob's, and a copy of her file as it is then.
    private func withBackup(
        _ test: @Sendable @escaping (TemporaryStore, AccountStore, AccountStore) async throws -> Void
    ) async throws {
        try await TemporaryStore.with { temporary in
            let alice = try await temporary.account()
            let bob = try await temporary.account("bob@example.org")
            let name = try MailboxName(Self.archive)
            for number in 1...3 {
                let text = "Message-ID: <\(number)@x>\r\nSubject: \(number)\r\n\r\ntext \(number)"
                _ = try await alice.append([try await temporary.message(text)], to: name)
            }
            _ = try await alice.setAnnotations(
                ["/private/comment": Array("mine".utf8), "/shared/comment": Array("ours".utf8)], of: name, by: alice.id)
            try await temporary.store.setRights(
                on: name, of: alice, for: .account(bob.id), isNegative: false, .replace(.all))
            let path = temporary.path + "/tmp/copy.db"
            _ = try OnlineCopy.make(of: alice.file.path, at: path, unless: nil) { _ in }
            let copy = try await temporary.store.openCopy(path, of: alice.id)
            try await test(temporary, alice, copy)
            copy.closeCopy()
            for suffix in ["", "-wal", "-shm", ".lock"] { try removeFile(path + suffix) }
        }
    }

    private func emails(_ account: AccountStore, _ name: MailboxName) async throws -> [EmailID] {
        let view = try await account.view(of: name).current
        let bodies = (0..<view.count).map { view[$0].bodyID }
        let id = account.id
        return try await account.read { reader in try bodies.map { try reader.emailID(of: $0, in: id) } }
    }

    private func values(_ account: AccountStore, _ name: MailboxName) async throws -> [String: [UInt8]] {
        let found = try await account.annotations(of: name, for: account.id) { _, _ in true }
        return found.reduce(into: [:]) { $0[$1.entry] = $1.value ?? [] }
    }

    @Test("a mailbox that is gone for good comes back as the one it was", arguments: [false, true])
    func revived(withRights: Bool) async throws {
        try await withBackup { temporary, alice, copy in
            let name = try MailboxName(Self.archive)
            let before = try #require(try await alice.mailbox(name))
            let (emails, values) = (try await self.emails(alice, name), try await self.values(alice, name))
            let second = try #require(UID(2))
            let saved = try await alice.read { try $0.saveDate(of: second, in: before.id) }
            // What the backup does not know.
            _ = try await alice.append([try await temporary.message("\r\nlater")], to: name)
            let known = try #require(try await alice.mailbox(name)).modSeq
            try await alice.deleteMailbox(name)
            _ = try await alice.purge(expungedBefore: .max)

            let restored = try await temporary.store.restoreMailbox(
                name, of: copy, to: alice, as: nil, secondsSinceBackup: 60, withRights: withRights)
            #expect(restored.name == name && restored.keepsUIDs && restored.messages == 3)
            #expect(restored.grantees.count == (withRights ? 1 : 0))
            let after = try #require(try await alice.mailbox(name))
            #expect(after.specialUse == .archive && after.id == before.id && after.uidValidity == before.uidValidity)
            #expect(try await self.emails(alice, name) == emails && !emails.isEmpty)
            #expect(try await self.values(alice, name) == values && values.count == 2)
            #expect(try await alice.read { try $0.saveDate(of: second, in: after.id) } == saved)
            #expect(try await alice.accessList(of: name).count == (withRights ? 1 : 0))
            // A client that knew all four hears that the last is gone, and of no number that may come.
            let gone = try await alice.vanished(from: after.id, since: known, among: .all)
            #expect(gone.contains(rawValue: 4) && gone.ranges == [4...UInt32(after.uidNext - 1)])
            #expect(try await alice.vanished(from: after.id, since: known, among: UIDSet([1...5])).ranges == [4...5])
            #expect(try await alice.vanished(from: after.id, since: after.modSeq, among: .all).isEmpty)
        }
    }

    @Test("a mailbox beside the one that is there has its annotations, and neither its use nor its rights")
    func beside() async throws {
        try await withBackup { temporary, alice, copy in
            let name = try MailboxName(Self.archive)
            let restored = try await temporary.store.restoreMailbox(
                name, of: copy, to: alice, as: nil, secondsSinceBackup: 60)
            #expect(!restored.keepsUIDs && restored.name != name && restored.grantees.isEmpty)
            let after = try #require(try await alice.mailbox(restored.name))
            let there = try #require(try await alice.mailbox(name))
            #expect(after.specialUse == nil && there.specialUse == .archive)
            let values = try await self.values(alice, name)
            #expect(try await self.values(alice, restored.name) == values)
            #expect(try await alice.accessList(of: restored.name).isEmpty)
            // The same bytes are the same email.
            let emails = try await self.emails(alice, name)
            #expect(try await self.emails(alice, restored.name) == emails)
        }
    }

    @Test("a message that comes back is known as before")
    func message() async throws {
        try await withBackup { temporary, alice, copy in
            let name = try MailboxName(Self.archive)
            let emails = try await self.emails(alice, name)
            let id = try await alice.view(of: name).mailboxID
            try await alice.remove(UIDSet([2...2]), from: id)
            _ = try await alice.purge(expungedBefore: .max)
            var choice = BackupChoice()
            choice.messageID = "<2@x>"
            let outcome = try await temporary.store.restoreMessages(
                try await copy.messages(choice), of: copy, to: alice, into: nil)
            #expect(outcome.messages == 1)
            #expect(try await self.emails(alice, name) == [emails[0], emails[2], emails[1]])
        }
    }

    @Test("into another account come neither rights nor what was private")
    func anotherAccount() async throws {
        try await withBackup { temporary, alice, copy in
            let carol = try await temporary.account("carol@example.org")
            let name = try MailboxName("From Alice")
            let restored = try await temporary.store.restoreMailbox(
                try MailboxName(Self.archive), of: copy, to: carol, as: name, secondsSinceBackup: 60, withRights: true)
            #expect(restored.grantees.isEmpty)
            #expect(try await values(carol, name) == ["/shared/comment": Array("ours".utf8)])
            #expect(try await emails(carol, name).allSatisfy { $0.account == alice.id })
        }
    }
}
