// What a guest may do, right by right, as the store alone decides it.

import Mail
import MailStore
import TestSupport
import Testing

@Suite struct GuestTests {
    private static let all = Flags([.seen, .deleted, .flagged], keywords: Set([Keyword("$X")].compactMap { $0 }))

    /// What an operation of a guest came to.
    enum Outcome: Equatable, Sendable { case done, refused, hidden, gone, other(String) }

    private func outcome(_ work: () async throws(StoreError) -> Void) async -> Outcome {
        do throws(StoreError) {
            try await work()
            return .done
        } catch {
            return switch error {
            case .notPermitted: .refused
            case .mailboxNotFound: .hidden
            case .messageGone: .gone
            default: .other("\(error)")
            }
        }
    }

    @Test("each operation needs its right (RFC 4314 §4)", arguments: MailboxRights.letters.map { String($0.letter) })
    func operationsByRight(letter: String) async throws {
        try await SharedHouse.with("lr" + letter) { house in
            let (guest, team) = (house.guest, house.team)
            let id = try #require(try await house.bob.mailbox(team)).id
            try await house.fill(3, flags: Flags(.deleted))
            let message = try await house.message()
            let child = try MailboxName("Team/below")
            func expect(_ right: Set<String>, _ what: String, _ work: () async throws(StoreError) -> Void) async {
                #expect(await outcome(work) == (right.contains(letter) ? .done : .refused), "\(what) with \(letter)")
            }
            await expect(["i"], "append") { () throws(StoreError) in _ = try await guest.append([message], to: team) }
            await expect(["i"], "checkAppend") { () throws(StoreError) in try await guest.checkAppend(of: 1, to: team) }
            await expect(["i"], "copy") { () throws(StoreError) in _ = try await guest.copy(.all, from: id, to: team) }
            await expect(["s"], "\\Seen") { () throws(StoreError) in
                _ = try await guest.storeFlags(.all, in: id, .add(Flags(.seen)))
            }
            await expect(["w"], "\\Flagged") { () throws(StoreError) in
                _ = try await guest.storeFlags(.all, in: id, .remove(Flags(.flagged)))
            }
            await expect(["t"], "\\Deleted") { () throws(StoreError) in
                _ = try await guest.storeFlags(.all, in: id, .add(Flags(.deleted)))
            }
            await expect(["s", "w", "t"], "replace") { () throws(StoreError) in
                _ = try await guest.storeFlags(.all, in: id, .replace(Self.all))
            }
            await expect(["e"], "expunge") { () throws(StoreError) in _ = try await guest.expunge(in: id) }
            await expect(["k"], "create") { () throws(StoreError) in _ = try await guest.createMailbox(child) }
            await expect(["a"], "list") { () throws(StoreError) in _ = try await guest.accessList(of: team) }
            await expect(["a"], "setRights") { () throws(StoreError) in
                try await house.store.setRights(on: team, of: guest, for: .anyone, isNegative: true, .add(.post))
            }
            if letter == "k" { try await house.bob.deleteMailbox(child) }
            await expect(["x"], "delete") { () throws(StoreError) in try await guest.deleteMailbox(team) }
        }
    }

    @Test func movingNeedsThreeRights() async throws {
        for rights in ["lrit", "lrie", "lrte", "lrite"] {
            try await SharedHouse.with(rights) { house in
                let id = try #require(try await house.bob.mailbox(house.team)).id
                try await house.fill(1)
                let result = await outcome { () throws(StoreError) in
                    _ = try await house.guest.move(.all, from: id, to: house.team)
                }
                #expect(result == (rights == "lrite" ? .done : .refused), "\(rights)")
            }
        }
    }

    @Test("without l a mailbox is not there, whatever other rights there are")
    func hidden() async throws {
        try await SharedHouse.with("rswipkxtea") { house in
            let (guest, team) = (house.guest, house.team)
            let id = try #require(try await house.bob.mailbox(team)).id
            try await house.fill(1)
            let message = try await house.message()
            let other = try MailboxName("Team2")
            #expect(try await guest.mailboxes().isEmpty)
            #expect(try await guest.mailbox(team) == nil)
            #expect(try await !guest.hasMailbox(team))
            let named: [(String, Outcome)] = [
                ("view", await outcome { () throws(StoreError) in _ = try await guest.view(of: team) }),
                ("append", await outcome { () throws(StoreError) in _ = try await guest.append([message], to: team) }),
                ("check", await outcome { () throws(StoreError) in try await guest.checkAppend(of: 1, to: team) }),
                ("delete", await outcome { () throws(StoreError) in try await guest.deleteMailbox(team) }),
                ("list", await outcome { () throws(StoreError) in _ = try await guest.accessList(of: team) }),
                (
                    "rename",
                    await outcome { () throws(StoreError) in try await guest.renameMailbox(team, to: other) }
                ),
            ]
            for (what, result) in named { #expect(result == .hidden, "\(what)") }
            let selected: [(String, Outcome)] = [
                (
                    "copy",
                    await outcome { () throws(StoreError) in _ = try await guest.copy(.all, from: id, to: .inbox) }
                ),
                (
                    "store",
                    await outcome { () throws(StoreError) in
                        _ = try await guest.storeFlags(.all, in: id, .add(Flags(.seen)))
                    }
                ),
                ("expunge", await outcome { () throws(StoreError) in _ = try await guest.expunge(in: id) }),
                ("read", await outcome { () throws(StoreError) in _ = try await guest.bound(to: id).read { _ in } }),
            ]
            for (what, result) in selected { #expect(result == .gone || result == .hidden, "\(what): \(result)") }
        }
    }

    @Test("names that exist and names that do not give a guest without rights the same error")
    func sameErrors() async throws {
        try await SharedHouse.with("lr") { house in
            let secret = try MailboxName("Drafts")
            let nothing = try MailboxName("Nothing")
            let guest = house.guest
            for name in [secret, nothing] {
                let below = try MailboxName("\(name)/below")
                #expect(await outcome { () throws(StoreError) in _ = try await guest.createMailbox(name) } == .refused)
                #expect(await outcome { () throws(StoreError) in _ = try await guest.createMailbox(below) } == .refused)
                #expect(await outcome { () throws(StoreError) in _ = try await guest.view(of: name) } == .hidden)
                #expect(
                    await outcome { () throws(StoreError) in try await guest.renameMailbox(house.team, to: name) }
                        == .refused)
            }
        }
    }

    @Test("flags that a guest may not set are left out of what it appends, copies and stores (RFC 4314 §4)")
    func flagsAreFiltered() async throws {
        try await SharedHouse.with("lris") { house in
            let (guest, team) = (house.guest, house.team)
            let view = try await house.bob.view(of: team)
            _ = try await guest.append([try await house.message(flags: Self.all)], to: team)
            var snapshot = view.current
            #expect(snapshot.flags(of: snapshot[0]) == Flags(.seen))
            try await house.fill(1, flags: Self.all)
            _ = try await guest.copy(UIDSet([2...2]), from: view.mailboxID, to: team)
            snapshot = view.current
            #expect(snapshot.flags(of: snapshot[2]) == Flags(.seen))
            // The flags that it may not change stay as they are.
            _ = try await guest.storeFlags(UIDSet([2...2]), in: view.mailboxID, .replace(.none))
            snapshot = view.current
            var left = Self.all
            left.system.remove(.seen)
            #expect(snapshot.flags(of: snapshot[1]) == left)
            _ = try await guest.storeFlags(UIDSet([3...3]), in: view.mailboxID, .replace(Self.all))
            snapshot = view.current
            #expect(snapshot.flags(of: snapshot[2]) == Flags(.seen))
            _ = try await guest.storeFlags(.all, in: view.mailboxID, .add(Self.all))
            snapshot = view.current
            #expect(snapshot.flags(of: snapshot[1]) == left.union(Flags(.seen)))
        }
    }

    @Test("a right that is taken is gone with the commit, also for reads that go on")
    func revocation() async throws {
        try await SharedHouse.with("lr") { house in
            let id = try #require(try await house.bob.mailbox(house.team)).id
            try await house.fill(1)
            let view = try await house.guest.view(of: house.team)
            let body = view.current[0].bodyID
            let bound = house.guest.bound(to: id)
            #expect(try await bound.read { try $0.message(body).count } > 0)
            await #expect(throws: StoreError.notPermitted) { try await house.guest.read { _ in } }
            let version = view.rightsVersion
            try await house.allow("l")
            #expect(view.rightsVersion != version)
            await #expect(throws: StoreError.messageGone) { try await bound.read { try $0.message(body) } }
            #expect(try await house.guest.mailbox(house.team)?.messages == 0)
            try await house.allow("")
            #expect(try await house.guest.mailboxes().isEmpty)
        }
    }

    @Test func rightsAddUpAndNegativeOnesTakeAway() async throws {
        try await SharedHouse.with("lr") { house in
            let (store, bob, team) = (house.store, house.bob, house.team)
            try await store.setRights(on: team, of: bob, for: .anyone, isNegative: false, .replace([.insert, .seen]))
            #expect(try await house.guest.rights(on: team) == [.lookup, .read, .insert, .seen])
            try await store.setRights(on: team, of: bob, for: .anyone, isNegative: true, .replace(.read))
            #expect(try await house.guest.rights(on: team) == [.lookup, .insert, .seen])
            try await store.setRights(
                on: team, of: bob, for: .account(house.alice.id), isNegative: true, .add([.insert, .lookup]))
            #expect(try await house.guest.rights(on: team) == .seen)
            #expect(try await bob.rights(on: team) == .all)
            #expect(try await bob.accessed(by: .nobody).rights(on: team) == .none)
            await #expect(throws: StoreError.self) {
                try await store.setRights(on: team, of: bob, for: .account(bob.id), isNegative: true, .add(.read))
            }
        }
    }

    @Test("what belongs to the owner alone is refused to a guest with every right")
    func ownersOnly() async throws {
        try await SharedHouse.with("lrswipkxtea") { house in
            let guest = house.guest
            let work: [() async throws -> Void] = [
                { _ = try await guest.usage() }, { try await guest.setQuota(1) },
                { _ = try await guest.subscriptions() },
                { try await guest.subscribe(house.team) }, { try await guest.unsubscribe(house.team) },
                { _ = try await guest.purge(expungedBefore: .max) },
                { _ = try await guest.createMailbox(try MailboxName("Team/sent"), specialUse: .important) },
                { _ = try await guest.createMailbox(try MailboxName("Top")) },
                { try await guest.renameMailbox(house.team, to: try MailboxName("Top")) },
            ]
            for each in work { await #expect(throws: StoreError.notPermitted) { try await each() } }
            // From a guest's handle there is no way to another guest's.
            let others = try await guest.accessed(by: house.bob.id).mailboxes()
            #expect(others.isEmpty)
        }
    }

    @Test("new mailboxes take the list of the one above them; with a mailbox its list goes (RFC 4314 §4)")
    func inheritance() async throws {
        try await SharedHouse.with("lrkx") { house in
            let child = try MailboxName("Team/a/b")
            _ = try await house.guest.createMailbox(child)
            #expect(try await house.guest.mailboxes().map(\.name.text) == ["Team", "Team/a", "Team/a/b"])
            try await house.allow("l")
            #expect(try await house.guest.rights(on: child).text == "lrkx")
            try await house.guest.renameMailbox(child, to: try MailboxName("Team/a/c"))
            #expect(try await house.guest.rights(on: try MailboxName("Team/a/c")).text == "lrkx")
            try await house.bob.deleteMailbox(try MailboxName("Team/a/c"))
            _ = try await house.bob.createMailbox(try MailboxName("Other"))
            #expect(try await house.guest.mailboxes().map(\.name.text) == ["Team", "Team/a"])
        }
    }

    @Test func nobodyOwnsAMailboxUnderOtherUsers() async throws {
        try await SharedHouse.with { house in
            for name in ["Other Users", "Other Users/bob@example.org", "Other Users/x/y"] {
                await #expect(throws: StoreError.self) { try await house.alice.createMailbox(try MailboxName(name)) }
                await #expect(throws: StoreError.self) {
                    try await house.alice.renameMailbox(try MailboxName("Drafts"), to: try MailboxName(name))
                }
            }
            _ = try await house.alice.createMailbox(try MailboxName("Other Users too"))
        }
    }

    @Test("what lies below is there for a guest only where it may look it up")
    func below() async throws {
        try await SharedHouse.with("lr") { house in
            let below = try MailboxName("Team/below")
            _ = try await house.bob.createMailbox(below)
            try await house.store.setRights(
                on: below, of: house.bob, for: .account(house.alice.id), isNegative: false, .replace(.none))
            #expect(try await house.bob.hasMailboxes(below: house.team))
            #expect(try await !house.guest.hasMailboxes(below: house.team))
            try await house.store.setRights(
                on: below, of: house.bob, for: .account(house.alice.id), isNegative: false, .replace(.lookup))
            #expect(try await house.guest.hasMailboxes(below: house.team))
        }
    }
}

@Test("what lies below Other Users is reserved beside a mark too", arguments: ["\u{301}x", "x/\u{345}"])
func reservedBesideMarks(rest: String) throws {
    #expect(try MailboxName("Other Users/\(rest)").isReserved)
    #expect(try MailboxName("Other Users/a@example.org/\(rest)").inOtherUsers?.owner == "a@example.org")
    #expect(try !MailboxName("Other Users \(rest)").isReserved)
}
