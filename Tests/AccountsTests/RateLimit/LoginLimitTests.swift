// Guessing: who is kept out, who is not, and that it outlives the process.

import Accounts
import MailStore
import TestSupport
import Testing

extension LoginHouse {
    /// What `count` wrong passwords come to.
    fileprivate func guess(
        _ count: Int, _ name: String = alice, from address: (Int) -> String = { _ in "203.0.113.66" }
    ) async -> [Seen: Int] {
        var seen: [Seen: Int] = [:]
        for number in 0..<count { seen[await logIn(name, "wrong \(number)", from: address(number)), default: 0] += 1 }
        return seen
    }
}

@Suite struct LoginLimitTests {
    @Test("ten failures of one source in a minute; the next minute ten more; its neighbours are not concerned")
    func perSource() async throws {
        try await LoginHouse.with({ $0.limits.perName = 1_000 }) { door in
            #expect(await door.guess(25) == [.failure: 10, .limited: 15])
            #expect(door.reason == "limited")
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.66") == .limited, "right or wrong")
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.67") == .success)
            door.house.clock.advance(by: 60)
            #expect(await door.guess(25) == [.failure: 10, .limited: 15])
        }
    }

    @Test("case 116: tries at once are no more than tries one after another")
    func atOnce() async throws {
        try await LoginHouse.with { door in
            let seen = await withTaskGroup(of: Seen.self) { group in
                for number in 0..<200 { group.addTask { await door.logIn("wrong \(number)", from: "203.0.113.66") } }
                return await group.reduce(into: [Seen: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(seen == [.failure: 10, .limited: 190])
        }
    }

    @Test("a new device may open sixty connections at once; a name that strangers guess at keeps it waiting only")
    func newDevice() async throws {
        try await LoginHouse.with { door in
            #expect(await door.guess(8) { "198.51.\($0).1" } == [.failure: 8])
            let seen = await withTaskGroup(of: Seen.self) { group in
                for _ in 0..<60 { group.addTask { await door.logIn(LoginHouse.password, from: "203.0.113.5") } }
                return await group.reduce(into: [Seen: Int]()) { $0[$1, default: 0] += 1 }
            }
            #expect(seen == [.success: 60])
        }
    }

    @Test("case 127: one /64 is one source, and a /24 or a /48 has three times as many")
    func prefixes() async throws {
        try await LoginHouse.with({ $0.limits.perName = 1_000 }) { door in
            // Not within #expect: a closure there and one outside become the same one for this compiler.
            let narrow = await door.guess(100) { "2001:db8:1:2::\(String($0, radix: 16))" }
            #expect(narrow == [.failure: 10, .limited: 90])
            let wide = await door.guess(100) { "2001:db8:1:\(String($0 + 16, radix: 16))::1" }
            #expect(wide == [.failure: 20, .limited: 80])
            let near = await door.guess(250) { "198.51.100.\($0)" }
            #expect(near == [.failure: 30, .limited: 220])
            let beyond = await door.logIn("wrong", from: "198.51.101.1")
            #expect(beyond == .failure)
            let mapped = await door.guess(11) { _ in "::ffff:192.0.2.1" }
            #expect(mapped == [.failure: 10, .limited: 1])
            let unmapped = await door.logIn("wrong", from: "192.0.2.1")
            #expect(unmapped == .limited, "mapped is the same address")
        }
    }

    @Test("case 128: an attacker from everywhere stops the victim's name for strangers, and nobody who is known")
    func victim() async throws {
        try await LoginHouse.with { door in
            let telephone = try await door.appPassword().secret
            #expect(await door.logIn(LoginHouse.password, from: "192.0.2.7") == .success)
            let seen = await door.guess(2_000) { "198.\($0 / 250 % 250).\($0 % 250).1" }
            #expect(seen == [.failure: 10, .limited: 1_990])
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.1") == .limited)
            #expect(await door.logIn(LoginHouse.password, from: "192.0.2.7") == .success, "known from before")
            #expect(await door.logIn(LoginHouse.alice, telephone, from: "203.0.113.2") == .success)
            #expect(await door.logIn(LoginHouse.alice, telephone, from: "198.1.1.1") == .success)
            #expect(await door.logIn(LoginHouse.bob, LoginHouse.password, from: "203.0.113.3") == .success)
            door.house.clock.advance(by: 900)
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.1") == .success)
        }
    }

    @Test("case 112: every spelling of a name, there or not, is one name to the limits")
    func names() async throws {
        try await LoginHouse.with { door in
            try await door.administration.addAlias("info@example.org", targets: [LoginHouse.alice])
            let known = [
                LoginHouse.alice, "ALICE@example.org", "alice@EXAMPLE.org.", "info@example.org", " Alice@example.org",
            ]
            let unknown = ["x@example.org", "X@example.org", "x@EXAMPLE.ORG.", " x@example.org", "<x@example.org>"]
            for names in [known, unknown] {
                var seen: [Seen: Int] = [:]
                for number in 0..<20 {
                    let name = names[number % names.count]
                    seen[await door.logIn(name, "wrong", from: "198.\(number).\(names.count).1"), default: 0] += 1
                }
                #expect(seen == [.failure: 10, .limited: 10])
            }
        }
    }

    @Test("case 129: own successes between the guesses at others take nothing back")
    func alternating() async throws {
        try await LoginHouse.with { door in
            var seen: [Seen: Int] = [:]
            for number in 0..<30 {
                let own = await door.logIn(LoginHouse.bob, LoginHouse.password, from: "203.0.113.66")
                #expect(own == (number < 10 ? .success : .limited))
                seen[await door.logIn("wrong \(number)", from: "203.0.113.66"), default: 0] += 1
            }
            #expect(seen == [.failure: 10, .limited: 20])
            #expect(await door.logIn(LoginHouse.password, from: "198.51.100.1") == .limited, "the victim's name too")
        }
    }

    @Test("a hundred wrong main passwords in a row stop strangers until somebody known succeeds")
    func inARow() async throws {
        try await LoginHouse.with({ $0.limits.perName = 1_000 }) { door in
            #expect(await door.logIn(LoginHouse.password, from: "192.0.2.7") == .success)
            let seen = await door.guess(150) { "198.\($0).1.1" }
            #expect(seen == [.failure: 100, .limited: 50])
            door.house.clock.advance(by: 86_400)
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.1") == .limited)
            #expect(await door.logIn(LoginHouse.password, from: "192.0.2.7") == .success)
            #expect(await door.logIn(LoginHouse.password, from: "203.0.113.1") == .success)
        }
    }

    @Test("case 131: a restart in the middle of a guessing run wipes nothing out")
    func restart() async throws {
        try await LoginHouse.with({ $0.limits.perName = 15 }) { door in
            #expect(await door.logIn(LoginHouse.password, from: "192.0.2.7") == .success)
            #expect(await door.guess(7) == [.failure: 7])
            let again = await door.restarted()
            #expect(await again.guess(5) == [.failure: 3, .limited: 2])
            #expect(await again.guess(10) { _ in "198.51.100.1" } == [.failure: 5, .limited: 5])
            #expect(await again.logIn(LoginHouse.password, from: "192.0.2.7") == .success, "still known")
            await again.authenticator.close()
        }
    }

    @Test("a source over its day's limit is banned for a day, on disk too; lifting the ban forgets its guesses")
    func bans() async throws {
        try await LoginHouse.with({ $0.limits.perName = 1_000 }) { door in
            let attacker = "203.0.113.66"
            for _ in 0..<5 {
                #expect(door.authenticator.mayConnect(attacker))
                #expect(await door.guess(10) == [.failure: 10])
                door.house.clock.advance(by: 60)
            }
            #expect(!door.authenticator.mayConnect(attacker))
            #expect(door.authenticator.mayConnect("203.0.113.67"))
            #expect(door.capture.events.last?.message == "banned")
            let again = await door.restarted()
            try await again.authenticator.prepare()
            #expect(!again.authenticator.mayConnect(attacker))
            let bans = try await again.store.directory.bans()
            #expect(bans.map(\.network) == [attacker])
            #expect(bans.map(\.actor) == ["martletd"])
            #expect(try await again.store.directory.liftBan(network: attacker, by: "test"))
            try await waitUntil("the server knows") { again.authenticator.mayConnect(attacker) }
            #expect(await again.guess(10) == [.failure: 10], "and begins from nothing")
            await again.authenticator.close()
        }
    }

    @Test("a ban ends by itself; one that a person made holds for its network and nobody else")
    func banLists() async throws {
        try await LoginHouse.with { door in
            try await door.authenticator.prepare()
            let now = door.house.clock.time
            for (network, end) in [("198.51.100.0/24", nil), ("2001:db8::/48", now + 100)] as [(String, Int64?)] {
                let ban = BanRecord(network: network, created: now, expires: end, reason: "")
                try await door.store.directory.addBan(ban, by: "test")
            }
            let authenticator = door.authenticator
            try await waitUntil("the server knows") { !authenticator.mayConnect("2001:db8::1") }
            #expect(!authenticator.mayConnect("198.51.100.200"))
            #expect(!authenticator.mayConnect("::ffff:198.51.100.1"))
            #expect(authenticator.mayConnect("198.51.101.1"))
            #expect(authenticator.mayConnect("2001:db8:1::1"))
            #expect(authenticator.mayConnect("no address"))
            door.house.clock.advance(by: 100)
            #expect(authenticator.mayConnect("2001:db8::1"))
            #expect(!authenticator.mayConnect("198.51.100.200"))
        }
    }

    @Test(
        "never banned: this machine, a trusted proxy, a place where somebody has logged in",
        arguments: ["127.0.0.1", "::1", "10.0.0.1", "192.0.2.7"])
    func neverBanned(address: String) async throws {
        let proxy = try Network("10.0.0.0/24")
        try await LoginHouse.with({
            $0.limits.perName = 1_000
            $0.limits.neverBanned = [proxy]
        }) { door in
            #expect(await door.logIn(LoginHouse.bob, LoginHouse.password, from: "192.0.2.7") == .success)
            for _ in 0..<7 {
                _ = await door.guess(10) { _ in address }
                door.house.clock.advance(by: 60)
            }
            #expect(await door.guess(1) { _ in address } == [.limited: 1], "but limited for the day")
            #expect(door.authenticator.mayConnect(address))
            await door.authenticator.flush()
            let bans = try await door.store.directory.bans()
            #expect(bans.isEmpty)
        }
    }

    @Test("a forgotten device with an old password does not use up the day of its home")
    func oldPassword() async throws {
        try await LoginHouse.with { door in
            let home = "192.0.2.7"
            #expect(await door.logIn(LoginHouse.password, from: home) == .success)
            for _ in 0..<100 {
                #expect(await door.logIn("the password of last year", from: home) == .failure)
                door.house.clock.advance(by: 60)
            }
            #expect(await door.logIn(LoginHouse.password, from: home) == .success)
        }
    }
}
