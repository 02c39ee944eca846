// Random work of an owner and two guests on shared mailboxes: what each sees, live and read anew, is what a model says.

import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct RandomReadersTests {
    /// A message as the model has it; readers are 0 for the owner, 1 and 2 for the guests.
    fileprivate struct Message {
        let uid: UID
        var seen: Set<Int>
        var isFlagged: Bool
    }

    private struct World {
        let house: SharedHouse
        let handles: [AccountStore]
        let names: [MailboxName]
        var mailboxes: [[Message]]
        var random: SeededRandom
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func agree(seed: UInt64) async throws {
        try await SharedHouse.with("lrswite") { house in
            let carl = try await house.temporary.account("carl@example.org")
            let names = [house.team, try MailboxName("Plan")]
            _ = try await house.bob.createMailbox(names[1])
            for name in names {
                try await house.store.setRights(
                    on: name, of: house.bob, for: .anyone, isNegative: false,
                    .replace(try MailboxRights(letters: "lrswite")))
            }
            var world = World(
                house: house, handles: [house.bob, house.guest, house.bob.accessed(by: carl.id)], names: names,
                mailboxes: [[], []], random: SeededRandom(seed: seed))
            for step in 1...40 {
                try await act(&world)
                try await compare(world, "seed \(seed), step \(step)")
            }
            try await compareAnew(world, "seed \(seed)")
        }
    }

    private func act(_ world: inout World) async throws {
        let who = world.random.number(0...2)
        let place = world.random.number(0...1)
        let mail = world.handles[who]
        let view = try await mail.view(of: world.names[place])
        let chosen = world.random.some(of: world.mailboxes[place].map(\.uid))
        let flags = Flags(SystemFlags(world.random.some(of: [SystemFlags.seen, .flagged])))
        let uids = UIDSet(chosen)
        switch world.random.number(0...7) {
        case 0, 1:
            let outcome = try await mail.append([try await world.house.message(flags: flags)], to: world.names[place])
            let uid = try #require(outcome.uids[0])
            world.mailboxes[place].append(
                Message(uid: uid, seen: flags.contains(.seen) ? [who] : [], isFlagged: flags.contains(.flagged)))
        case 2...4:
            let change = world.random.one(of: [FlagChange.add(flags), .remove(flags), .replace(flags)])
            _ = try await mail.storeFlags(uids, in: view.mailboxID, change)
            for index in world.mailboxes[place].indices where uids.contains(world.mailboxes[place][index].uid) {
                world.mailboxes[place][index].apply(change, by: who)
            }
        case 5, 6:
            let isMove = world.random.isOneIn(2)
            let target = world.names[1 - place]
            let outcome =
                isMove
                ? try await mail.move(uids, from: view.mailboxID, to: target)
                : try await mail.copy(uids, from: view.mailboxID, to: target)
            for (source, destination) in outcome.pairs {
                let old = try #require(world.mailboxes[place].first { $0.uid == source })
                world.mailboxes[1 - place].append(
                    Message(uid: destination, seen: old.seen, isFlagged: old.isFlagged))
            }
            if isMove { world.mailboxes[place].removeAll { uids.contains($0.uid) } }
        default:
            _ = try await mail.storeFlags(uids, in: view.mailboxID, .add(Flags(.deleted)))
            _ = try await mail.expunge(in: view.mailboxID, only: uids)
            world.mailboxes[place].removeAll { uids.contains($0.uid) }
        }
    }

    private func compare(_ world: World, _ note: String) async throws {
        for (who, mail) in world.handles.enumerated() {
            for (place, name) in world.names.enumerated() {
                let expected = world.mailboxes[place].map { message in
                    "\(message.uid) \(message.seen.contains(who)) \(message.isFlagged)"
                }
                let view = try await mail.view(of: name).current
                #expect(told(view) == expected, "\(note): reader \(who), \(name)")
                let unseen = world.mailboxes[place].count { !$0.seen.contains(who) }
                let info = try #require(try await mail.mailbox(name))
                #expect(info.unseen == unseen && info.modSeq == view.highestModSeq, "\(note): reader \(who), \(name)")
            }
        }
    }

    private func told(_ view: MailboxSnapshot) -> [String] {
        (0..<view.count).map { index in
            let flags = view.flags(of: view[index])
            return "\(view[index].uid) \(flags.contains(.seen)) \(flags.contains(.flagged))"
        }
    }

    /// The views of a second process, which reads them from the file.
    private func compareAnew(_ world: World, _ note: String) async throws {
        let other = try await Store.open(at: world.house.temporary.path, exclusive: false, logger: .quiet)
        let bob = try await other.account(world.house.bob.id)
        for mail in world.handles {
            let twin = mail.guest.map { bob.accessed(by: $0) } ?? bob
            for name in world.names {
                let (live, anew) = (try await mail.view(of: name).current, try await twin.view(of: name).current)
                #expect(told(live) == told(anew), "\(note)")
                #expect(live.highestModSeq == anew.highestModSeq, "\(note)")
                #expect((0..<live.count).allSatisfy { live[$0].modSeq == anew[$0].modSeq }, "\(note)")
            }
        }
        await other.close()
    }
}

extension RandomReadersTests.Message {
    fileprivate mutating func apply(_ change: FlagChange, by who: Int) {
        let old = Flags(seen.contains(who) ? [.seen] : []).union(Flags(isFlagged ? [.flagged] : []))
        let new = change.applied(to: old)
        if new.contains(.seen) { seen.insert(who) } else { seen.remove(who) }
        isFlagged = new.contains(.flagged)
    }
}
