// \Seen of a shared mailbox, each reader's own: rows, views, counts and MODSEQs agree whatever is done, and by whom.

import GRDB
import Mail
import Schema
import TestSupport
import Testing

@testable import MailStore

@Suite struct ReaderMarksTests {
    private static let seen = Flags(.seen)

    private func flags(_ account: AccountStore, _ name: MailboxName) async throws -> [Flags] {
        let view = try await account.view(of: name).current
        return (0..<view.count).map { view.flags(of: view[$0]) }
    }

    @Test func eachHasTheirOwn() async throws {
        try await SharedHouse.with("lrswi") { house in
            let (bob, guest, team) = (house.bob, house.guest, house.team)
            _ = try await house.fill(2)
            try await house.fill(1, flags: Self.seen)
            #expect(try await flags(guest, team) == [.none, .none, .none])
            let id = try await bob.view(of: team).mailboxID
            let before = try #require(try await bob.mailbox(team))
            #expect(before.unseen == 2)
            #expect(try await guest.mailbox(team)?.unseen == 3)
            let stored = try await guest.storeFlags(UIDSet([1...2]), in: id, .add(Self.seen))
            #expect(stored.changed.count == 2)
            #expect(try await flags(guest, team) == [Self.seen, Self.seen, .none])
            #expect(try await flags(bob, team) == [.none, .none, Self.seen])
            // Nothing of it is the owner's, not even the mailbox's MODSEQ; the reader's has moved.
            #expect(try await bob.mailbox(team) == before)
            let own = try #require(try await guest.mailbox(team))
            #expect(own.unseen == 1 && own.modSeq > before.modSeq)
            let view = try await guest.view(of: team).current
            #expect(view.highestModSeq == own.modSeq && view[0].modSeq == own.modSeq && view[2].modSeq < own.modSeq)
            // The owner's \Seen changes no guest's; all other flags are everybody's.
            _ = try await bob.storeFlags(UIDSet([1...3]), in: id, .replace(Flags([.flagged])))
            #expect(try await flags(guest, team).map { $0.contains(.seen) } == [true, true, false])
            #expect(try await flags(guest, team).allSatisfy { $0.contains(.flagged) })
            _ = try await guest.storeFlags(UIDSet([2...2]), in: id, .replace(.none))
            #expect(try await flags(guest, team) == [Flags([.seen, .flagged]), .none, Flags([.flagged])])
            #expect(try await flags(bob, team) == [Flags([.flagged]), .none, Flags([.flagged])])
            #expect(try await guest.storeFlags(UIDSet([1...1]), in: id, .add(Self.seen)).changed.isEmpty)
        }
    }

    @Test("RFC 7162 §3.1.3: another's \\Seen is no conflict, one's own is")
    func conditionalStore() async throws {
        try await SharedHouse.with("lrsw") { house in
            try await house.fill(2)
            let view = try await house.guest.view(of: house.team)
            let known = view.current
            let condition = StoreCondition(unchangedSince: known.highestModSeq, known: known)
            let id = view.mailboxID
            _ = try await house.guest.storeFlags(UIDSet([1...1]), in: id, .add(Self.seen))
            let owners = try await house.bob.view(of: house.team).current
            let bobs = StoreCondition(unchangedSince: owners.highestModSeq, known: owners)
            let done = try await house.bob.storeFlags(UIDSet([1...2]), in: id, .replace(Flags(.flagged)), if: bobs)
            #expect(done.modified.isEmpty && done.changed.count == 2)
            let failed = try await house.guest.storeFlags(UIDSet([1...2]), in: id, .replace(Self.seen), if: condition)
            #expect(failed.modified == UIDSet([1...2]))
        }
    }

    @Test func copiesStaySeenByThoseWhoMayReadThem() async throws {
        try await SharedHouse.with("lrswite") { house in
            try await house.fill(2)
            let id = try await house.bob.view(of: house.team).mailboxID
            _ = try await house.guest.storeFlags(UIDSet([1...1]), in: id, .add(Self.seen))
            let hidden = try MailboxName("Hidden")
            _ = try await house.bob.createMailbox(hidden)
            _ = try await house.bob.copy(.all, from: id, to: hidden)
            _ = try await house.bob.copy(.all, from: id, to: house.team)
            #expect(try await flags(house.guest, house.team) == [Self.seen, .none, Self.seen, .none])
            #expect(try await flags(house.bob, house.team) == [.none, .none, .none, .none])
            let rows = try await house.bob.file.read { try $0.count("SELECT count(*) FROM reader") }
            #expect(rows == 1)
            // To the guest's own account goes what the guest sees, and comes from there.
            _ = try await house.store.copy(UIDSet([1...2]), from: id, of: house.guest, to: .inbox, of: house.alice)
            #expect(try await flags(house.alice, .inbox) == [Self.seen, .none])
            let inbox = try await house.alice.view(of: .inbox).mailboxID
            _ = try await house.store.copy(.all, from: inbox, of: house.alice, to: house.team, of: house.guest)
            #expect(try await flags(house.guest, house.team).suffix(2) == [Self.seen, .none])
            #expect(try await flags(house.bob, house.team).suffix(2) == [.none, .none])
        }
    }

    @Test func whatGoesTakesTheRowsAlong() async throws {
        try await SharedHouse.with("lrs") { house in
            try await house.fill(3)
            let id = try await house.bob.view(of: house.team).mailboxID
            _ = try await house.guest.storeFlags(.all, in: id, .add(Self.seen))
            _ = try await house.bob.storeFlags(UIDSet([2...2]), in: id, .add(Flags(.deleted)))
            _ = try await house.bob.expunge(in: id)
            #expect(try await house.guest.mailbox(house.team)?.unseen == 0)
            _ = try await house.bob.undelete(ExpungedChoice())
            #expect(try await house.guest.mailbox(house.team)?.unseen == 1)
            try await house.bob.deleteMailbox(house.team)
            let rows = try await house.bob.file.read { db in
                try db.count("SELECT (SELECT count(*) FROM reader) + (SELECT count(*) FROM reader_message)")
            }
            #expect(rows == 0)
            _ = try await house.bob.undeleteMailbox(house.team)
            try await house.allow("lrs")
            #expect(try await house.guest.mailbox(house.team)?.unseen == 3)
        }
    }

    @Test func anotherProcessesChangeIsSeen() async throws {
        try await SharedHouse.with("lrs") { house in
            try await house.fill(1)
            let view = try await house.guest.view(of: house.team)
            let watch = view.watch {}
            defer { watch.cancel() }
            let other = try await Store.open(at: house.temporary.path, exclusive: false, logger: .quiet)
            let twin = try await other.account(house.bob.id).accessed(by: house.alice.id)
            _ = try await twin.storeFlags(.all, in: view.mailboxID, .add(Self.seen))
            try await waitUntil("the other process's \\Seen") {
                let snapshot = view.current
                return snapshot.flags(of: snapshot[0]) == Self.seen
            }
            await other.close()
        }
    }

    @Test("a file from before: to whom the mailbox was shared, what was seen stays seen")
    func migration() async throws {
        try await TemporaryStore.with { temporary in
            let id = try await temporary.account().id
            let path = temporary.path + "/older.db"
            try OlderFile.make(path, steps: 5)
            let file = try DatabaseFile(path: path, steps: Array(SchemaScripts.account.prefix(5)), readers: 1)
            try file.syncOnWriter { db in
                try db.execute(sql: "INSERT INTO acl VALUES (1, 0, 0, 7), (1, 7, 0, 7), (1, 8, 1, 2)")
            }
            file.close()
            let account = try AccountStore(id: id, path: path, readers: 1, compression: Compression())
            #expect(try await account.checkIntegrity().problems == [])
            for (guest, unseen) in [(Int64(7), 1), (9, 2)] {
                let mail = account.accessed(by: AccountID(rawValue: guest))
                #expect(try await mail.mailbox(.inbox)?.unseen == unseen)
                #expect(try await flags(mail, .inbox).map { $0.contains(.seen) } == [false, unseen == 1])
            }
            account.close()
        }
    }
}
