// Counters of guesses and bans: saved, found by another process, bounded, lifted.

import GRDB
import Mail
import TestSupport
import Testing

@testable import MailStore

@Suite struct GuessesTests {
    @Test("case 131: counters survive a restart")
    func countersSurviveARestart() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            let first = GuessRecord(subject: "192.0.2.7/32", shortStart: 1, shortCount: 2, longStart: 3, longCount: 4)
            var second = GuessRecord(
                subject: "bob@example.org", shortStart: 5, shortCount: 1, longStart: 5, longCount: 1)
            try await directory.saveGuesses([first, second])
            second.shortCount = 9
            try await directory.saveGuesses([second])
            let other = try await Store.open(at: temporary.path, exclusive: false, logger: .quiet)
            #expect(Set(try await other.directory.guesses()) == [first, second])
            await other.close()
            (second.shortCount, second.longCount) = (0, 0)
            try await directory.saveGuesses([second])
            #expect(try await directory.guesses() == [first])
        }
    }

    @Test func oldestGoOverTheBound() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            try directory.file.syncOnWriter {
                try $0.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                        INSERT INTO guess SELECT 'old ' || i, i, 1, i, 1 FROM n
                        """)
            }
            try await directory.saveGuesses(
                (1...5).map {
                    GuessRecord(subject: "new \($0)", shortStart: 1, shortCount: 1, longStart: 200_000, longCount: 1)
                })
            let kept = try await directory.guesses()
            #expect(kept.count == StoreLimits.guesses)
            #expect(kept.count { $0.subject.hasPrefix("new") } == 5)
            #expect(kept.map(\.longStart).min() == 6)
            let limits = AttemptLimits(perWindow: 5, window: 60, inARow: nil)
            #expect(try await directory.beginAttempt("attempt", on: nil, limits: limits, at: 300_000) == .allowed)
            #expect(try await directory.guesses().count == StoreLimits.guesses)
            try await directory.withdrawAttempt("attempt", on: nil)
            #expect(try await directory.guesses().allSatisfy { $0.subject != "attempt" })
        }
    }
}

@Suite struct BansTests {
    @Test func banIsMadeChangedAndLifted() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            let network = "192.0.2.7/32"
            try await directory.addBan(
                BanRecord(network: network, created: 100, expires: 200, reason: "guessing"), by: "admin")
            try await directory.addBan(
                BanRecord(network: network, created: 101, expires: nil, reason: "for good"), by: "admin")
            let bans = try await directory.bans()
            #expect(
                bans == [BanRecord(network: network, created: 101, expires: nil, reason: "for good", actor: "admin")])
            try await directory.saveGuesses(
                [network, "192.0.2.0/24"].map {
                    GuessRecord(subject: $0, shortStart: 1, shortCount: 1, longStart: 1, longCount: 1)
                })
            #expect(try await directory.liftBan(network: network, by: "admin"))
            #expect(try await !directory.liftBan(network: network, by: "admin"))
            #expect(try await directory.bans().isEmpty)
            #expect(try await directory.guesses().map(\.subject) == ["192.0.2.0/24"])
            #expect(
                try await directory.audit(subject: network, limit: 10).map(\.action)
                    == ["ban.lift", "ban.add", "ban.add"])
        }
    }

    @Test func theLimitersBansAreNotAuditedAndNeverShorten() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            let lines = try await directory.audit(limit: 100).count
            func ban(until expires: Int64?, automatic: Bool) async throws -> Int64? {
                try await directory.addBan(
                    BanRecord(network: "2001:db8::/64", created: 10, expires: expires, reason: "x"),
                    isAutomatic: automatic, by: automatic ? "martletd" : "admin")
                return try #require(try await directory.bans().first).expires
            }
            #expect(try await ban(until: 100, automatic: true) == 100)
            #expect(try await ban(until: 50, automatic: true) == 100)
            #expect(try await ban(until: 150, automatic: true) == 150)
            #expect(try await directory.audit(limit: 100).count == lines)
            #expect(try await ban(until: nil, automatic: false) == nil)
            #expect(try await ban(until: 500, automatic: true) == nil)
            #expect(try await directory.audit(limit: 100).count == lines + 1)
        }
    }

    @Test func overAndTooManyGo() async throws {
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            try directory.file.syncOnWriter {
                try $0.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                        INSERT INTO ban SELECT 'n' || i, 0, 1000 + i, '', '' FROM n;
                        INSERT INTO ban VALUES ('over', 0, 900, '', ''), ('forever', 0, NULL, '', '')
                        """)
            }
            try await directory.addBan(
                BanRecord(network: "new", created: 900, expires: 50_000, reason: "x"), isAutomatic: true, by: "martletd"
            )
            let networks = Set(try await directory.bans().map(\.network))
            #expect(networks.count == StoreLimits.expiringBans + 1)
            #expect(networks.isSuperset(of: ["new", "forever", "n2"]) && networks.isDisjoint(with: ["over", "n1"]))
        }
    }

    @Test("case 189: bans and attempts of a clock that was ten years ahead are over soon after it is right again")
    func clockAhead() async throws {
        let (now, ahead): (Int64, Int64) = (1_000_000, 1_000_000 + 315_360_000)
        let ban = BanRecord(network: "192.0.2.7/32", created: ahead, expires: ahead + 86_400, reason: "")
        #expect(!ban.isOver(at: ahead) && !ban.isOver(at: ahead - 86_400) && ban.isOver(at: now))
        #expect(!BanRecord(network: "::/0", created: ahead, expires: nil, reason: "").isOver(at: now))
        try await TemporaryStore.with { temporary in
            let directory = temporary.store.directory
            try await directory.addBan(ban, isAutomatic: true, by: "martletd")
            let right = BanRecord(network: ban.network, created: now, expires: now + 86_400, reason: "")
            try await directory.addBan(right, isAutomatic: true, by: "martletd")
            #expect(try await directory.bans().map(\.created) == [now], "the one that is over stands in nobody's way")
            let limits = AttemptLimits(perWindow: 2, window: 60, inARow: nil)
            for _ in 0..<2 {
                #expect(try await directory.beginAttempt("x", on: nil, limits: limits, at: ahead) == .allowed)
            }
            for later: Int64 in [0, 59] {
                let verdict = try await directory.beginAttempt("x", on: nil, limits: limits, at: now + later)
                #expect(verdict == .tooMany(until: now + 60))
            }
            #expect(try await directory.beginAttempt("x", on: nil, limits: limits, at: now + 60) == .allowed)
        }
    }

    @Test(arguments: [(nil, false), (101, false), (100, true), (99, true)] as [(Int64?, Bool)])
    func isOver(expires: Int64?, expected: Bool) {
        let ban = BanRecord(network: "::/0", created: 0, expires: expires, reason: "")
        #expect(ban.isOver(at: 100) == expected)
    }
}
