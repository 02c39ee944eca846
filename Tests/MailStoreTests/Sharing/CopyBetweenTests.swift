// COPY and MOVE between accounts: the bytes, the flags, the rights of both sides, and what a failure leaves.

import Mail
import MailStore
import TestSupport
import Testing

@Suite struct CopyBetweenTests {
    @Test func bytesFlagsAndDatesGoAlong() async throws {
        try await SharedHouse.with("lriswt") { house in
            let flags = Flags([.flagged], keywords: Set([Keyword("$Forwarded")].compactMap { $0 }))
            let long = String(repeating: "0123456789abcdef\r\n", count: 60_000)
            let messages = [
                try await house.temporary.message("Subject: a\r\n\r\nshort", flags: flags),
                try await house.temporary.message("Subject: b\r\n\r\n" + long),
                try await house.temporary.message("\r\n"),
            ]
            _ = try await house.alice.append(messages, to: .inbox)
            let source = try await house.alice.view(of: .inbox)
            let outcome = try await house.store.copy(
                .all, from: source.mailboxID, of: house.alice, to: house.team, of: house.guest)
            #expect(outcome.pairs.map(\.source.rawValue) == [1, 2, 3])
            #expect(outcome.pairs.map(\.destination.rawValue) == [1, 2, 3])
            let target = try await house.bob.view(of: house.team).current
            #expect(target.flags(of: target[0]) == flags)
            #expect(target[0].internalDate == source.current[0].internalDate)
            for index in 0..<3 {
                let (here, there) = (source.current[index].bodyID, target[index].bodyID)
                let bytes = try await house.alice.read { try $0.message(here) }
                #expect(try await house.bob.read { try $0.message(there) } == bytes)
            }
            // And back, by the guest who may read there.
            let back = try await house.store.copy(
                UIDSet([2...2]), from: target.mailboxID, of: house.guest, to: .inbox, of: house.alice)
            #expect(back.pairs.map(\.destination.rawValue) == [4])
        }
    }

    @Test func movingEmptiesTheSourceLast() async throws {
        try await SharedHouse.with("lrite") { house in
            _ = try await house.alice.append(
                [try await house.message("1"), try await house.message("2")], to: .inbox)
            let source = try await house.alice.view(of: .inbox)
            _ = try await house.store.move(
                UIDSet([2...2]), from: source.mailboxID, of: house.alice, to: house.team, of: house.guest)
            #expect(source.current.count == 1)
            #expect(try await house.bob.mailbox(house.team)?.messages == 1)
            let team = try await house.guest.view(of: house.team)
            _ = try await house.store.move(.all, from: team.mailboxID, of: house.guest, to: .inbox, of: house.alice)
            #expect(team.current.count == 0 && source.current.count == 2)
        }
    }

    @Test("a failure on either side leaves every message where it was", arguments: ["lr", "lri", "lrit", "lrie"])
    func failures(rights: String) async throws {
        try await SharedHouse.with(rights) { house in
            try await house.fill(2)
            let team = try await house.bob.view(of: house.team)
            // Out of the shared mailbox: t and e are needed.
            await #expect(throws: StoreError.notPermitted) {
                try await house.store.move(.all, from: team.mailboxID, of: house.guest, to: .inbox, of: house.alice)
            }
            #expect(team.current.count == 2)
            #expect(try await house.alice.mailbox(.inbox)?.messages == 0)
            // Into it: i is needed.
            _ = try await house.alice.append([try await house.message()], to: .inbox)
            let inbox = try await house.alice.view(of: .inbox)
            if rights == "lr" {
                await #expect(throws: StoreError.notPermitted) {
                    try await house.store.move(
                    .all, from: inbox.mailboxID, of: house.alice, to: house.team, of: house.guest)
                }
            }
            try await house.bob.setQuota(1)
            await #expect(throws: StoreError.self) {
                try await house.store.move(
                    .all, from: inbox.mailboxID, of: house.alice, to: house.team, of: house.guest)
            }
            #expect(inbox.current.count == 1 && team.current.count == 2)
        }
    }

    @Test func theSourceIsReadWithTheGuestsRights() async throws {
        try await SharedHouse.with("l") { house in
            try await house.fill(1)
            let id = try #require(try await house.bob.mailbox(house.team)).id
            await #expect(throws: StoreError.messageGone) {
                try await house.store.copy(.all, from: id, of: house.guest, to: .inbox, of: house.alice)
            }
            let nobody = house.bob.accessed(by: .nobody)
            await #expect(throws: StoreError.messageGone) {
                try await house.store.copy(.all, from: id, of: nobody, to: .inbox, of: house.alice)
            }
        }
    }
}
