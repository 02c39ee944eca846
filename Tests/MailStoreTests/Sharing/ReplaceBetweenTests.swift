// REPLACE from one account's mail to another's: both sides' rights and bounds, and what a failure leaves.

import Mail
import MailStore
import TestSupport
import Testing

@Suite struct ReplaceBetweenTests {
    private func counts(_ house: SharedHouse) async throws -> [Int?] {
        [try await house.alice.mailbox(.inbox)?.messages, try await house.bob.mailbox(house.team)?.messages]
    }

    @Test("the new message is there and the old one gone, either way")
    func bothWays() async throws {
        try await SharedHouse.with("lrite") { house in
            let uids = try await house.fill(2)
            let team = try await house.guest.view(of: house.team)
            let out = try await house.store.replace(
                uids[0], in: team.mailboxID, of: house.guest, with: try await house.message("new"), to: .inbox,
                of: house.alice)
            #expect(out.uids.compactMap { $0?.rawValue } == [1])
            #expect(try await counts(house) == [1, 1])
            let inbox = try await house.alice.view(of: .inbox)
            let back = try await house.store.replace(
                try #require(UID(1)), in: inbox.mailboxID, of: house.alice, with: try await house.message("back"),
                to: house.team, of: house.guest)
            #expect(back.uids.compactMap { $0?.rawValue } == [3])
            #expect(try await counts(house) == [0, 2])
            // Within the other's mailbox it is one operation.
            _ = try await house.guest.replace(
                uids[1], in: team.mailboxID, with: try await house.message("within"), to: house.team)
            #expect(try await counts(house) == [0, 2])
        }
    }

    @Test(
        "what is forbidden, gone or too much changes nothing",
        arguments: ["lr", "lri", "lrit", "lrie", "lrte", "lrite"])
    func failures(rights: String) async throws {
        try await SharedHouse.with(rights) { house in
            let uids = try await house.fill(1)
            let team = try await house.bob.view(of: house.team)
            _ = try await house.alice.append([try await house.message()], to: .inbox)
            let inbox = try await house.alice.view(of: .inbox)
            let one = try #require(UID(1))
            let new = try await house.message("new")
            func out(_ uid: UID) async throws {
                _ = try await house.store.replace(
                    uid, in: team.mailboxID, of: house.guest, with: new, to: .inbox, of: house.alice)
            }
            func into(_ uid: UID) async throws {
                _ = try await house.store.replace(
                    uid, in: inbox.mailboxID, of: house.alice, with: new, to: house.team, of: house.guest)
            }
            if !(rights.contains("t") && rights.contains("e")) {
                await #expect(throws: StoreError.notPermitted) { try await out(uids[0]) }
            } else {
                await #expect(throws: StoreError.messageGone) { try await out(try #require(UID(77))) }
            }
            if rights.contains("i") {
                await #expect(throws: StoreError.messageGone) { try await into(try #require(UID(77))) }
                try await house.bob.setQuota(1)
                let refusal = await #expect(throws: StoreError.self) { try await into(one) }
                if case .overQuota = refusal {} else { Issue.record("\(String(describing: refusal))") }
            } else {
                await #expect(throws: StoreError.notPermitted) { try await into(one) }
            }
            #expect(try await counts(house) == [1, 1])
        }
    }
}
